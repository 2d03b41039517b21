import { areHeaders } from '../transport/headers.js';
import type { HeaderFunction } from './pipeline-options.js';
import type { HeaderAnswer } from './runner-messages.js';

/** What the application's functions give together, later ones over earlier ones. Never rejects. */
export async function askHeaders(functions: readonly HeaderFunction[]): Promise<HeaderAnswer> {
  try {
    const answers = await Promise.all(functions.map(async (ask) => ask()));
    // Nothing in place of a token must not become a request without one.
    return answers.every(areHeaders) ? Object.assign({}, ...answers) : 'failed';
  } catch {
    return 'failed';
  }
}
