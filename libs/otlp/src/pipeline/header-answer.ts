import { isPromise } from 'node:util/types';
import { areHeaders } from '../transport/headers.js';
import type { HeaderFunction } from './pipeline-options.js';
import type { HeaderAnswer } from './worker-messages.js';

/** Merges the answers of the application's functions, later ones over earlier ones; can be cloned. Never rejects. */
export async function askHeaders(functions: readonly HeaderFunction[]): Promise<HeaderAnswer> {
  try {
    const answers = await Promise.all(functions.map(async (ask) => textsOf(await ask())));
    // Nothing in place of a token must not become a request without one.
    return answers.includes('failed') ? 'failed' : Object.assign({}, ...answers);
  } catch {
    return 'failed';
  }
}

/** A copy: what else hangs on what a function gave cannot go to another thread. */
function textsOf(given: unknown): HeaderAnswer {
  if (!areHeaders(given)) return 'failed';
  const entries: readonly [string, unknown][] = Object.entries(given);
  // Nobody else waits for it, and who forgot to await a token must not lose the process where there is none.
  for (const [, value] of entries) if (isPromise(value)) value.catch(() => {});
  function isText(entry: [string, unknown]): entry is [string, string] {
    return typeof entry[1] === 'string';
  }
  return entries.every(isText) ? Object.fromEntries(entries) : 'failed';
}
