import type { Endpoint } from '../pool/endpoint.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';

/** One line for the operator. `code` is its cause, which is printed once a minute. */
interface Words {
  readonly code: string;
  readonly text: string;
}

const LOST = 'what it refuses is lost';

/** Likely mistakes behind a refusal, sure enough to be put as a question. */
const HINTS: Readonly<Record<string, string>> = {
  '401': 'are the credentials right?',
  '403': 'are the credentials right?',
  '404': 'is the path right?',
  UNAUTHENTICATED: 'are the credentials right?',
  PERMISSION_DENIED: 'are the credentials right?',
  UNIMPLEMENTED: 'does it take this signal there?',
  response_too_large: 'its answer was longer than one of OTLP can be',
};

/** Refusals that we made ourselves, which other code reports. */
const OWN: ReadonlySet<string> = new Set(['closed', 'too_large']);

/**
 * The line for a batch that a collector refused or commented on: signal, place, reason, and whether it is lost.
 * Undefined if there is nothing to tell, as for a refusal for size, after which parts may still be accepted.
 */
export function wordsFor(
  { signal, items }: Pick<Batch, 'signal' | 'items'>,
  endpoint: Endpoint,
  outcome: Outcome,
  message: string,
  path?: string,
): Words | undefined {
  const where = endpoint.socketPath ?? endpoint.authority;
  switch (outcome.kind) {
    case 'accepted':
      if (message === '') return undefined;
      return { code: 'partial_success', text: `${signal} taken by ${where}: ${message}` };
    case 'partial': {
      const head = `${outcome.rejected} of ${items} items of ${signal} refused by ${where}`;
      return { code: `partial_success_${signal}`, text: `${withWhy(head, message)}; ${LOST}` };
    }
    case 'retry':
      if (message === '') return undefined;
      return {
        code: outcome.reason,
        text: `${signal} not taken by ${where} (${outcome.reason}): ${message}; trying again`,
      };
    case 'refused':
      return outcome.tooLarge || OWN.has(outcome.reason)
        ? undefined
        : refusalWords(signal, where, outcome.reason, message, path);
  }
}

/** The line for a final refusal. `path`: the requested path over HTTP. */
export function refusalWords(
  signal: Batch['signal'],
  where: string,
  reason: string,
  message = '',
  path?: string,
): Words {
  const hint = refusalHint(reason, path);
  const why = message === '' || hint === '' ? message + hint : `${message} (${hint})`;
  const head = `${signal} refused by ${where} (${reason})`;
  return { code: `refused_${signal}_${reason}`, text: `${withWhy(head, why)}; ${LOST}` };
}

/** The question that a refusal raises; empty for none. */
export function refusalHint(reason: string, path?: string): string {
  return reason === '404' && path !== undefined
    ? `is the path ${path} right?`
    : (HINTS[reason] ?? '');
}

function withWhy(head: string, why: string): string {
  return why === '' ? head : `${head}: ${why}`;
}
