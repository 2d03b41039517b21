import type { HeaderValues } from './headers.js';

const MASK = '***';
/** Shorter values would turn every other word into asterisks. */
const MIN_CHARS = 4;
/** Number of header sets to remember: tokens are renewed while earlier requests are still under way. */
const MOST_SETS = 8;

/**
 * The header values of recent requests, which are masked in a collector's texts: some collectors repeat the
 * credentials that they refused.
 */
export class SentSecrets {
  readonly #sent: HeaderValues[] = [];

  remember(headers: HeaderValues): void {
    if (headers === this.#sent.at(-1)) return;
    this.#sent.push(headers);
    if (this.#sent.length > MOST_SETS) this.#sent.shift();
  }

  /** Also masks the beginning of a secret at the end of a text, which may have been truncated. */
  mask(text: string): string {
    const forms = new Set(this.#sent.flatMap((headers) => Object.values(headers)).flatMap(formsOf));
    let masked = text;
    // Longest first, or part of a secret that contains another would stay.
    for (const form of [...forms].toSorted((a, b) => b.length - a.length)) {
      masked = withoutBeginning(masked.replaceAll(form, MASK), form);
    }
    return masked;
  }
}

function withoutBeginning(text: string, secret: string): string {
  const head = secret.slice(0, MIN_CHARS);
  let at = text.indexOf(head, Math.max(0, text.length - secret.length));
  while (at !== -1 && !secret.startsWith(text.slice(at))) at = text.indexOf(head, at + 1);
  return at === -1 ? text : `${text.slice(0, at)}${MASK}`;
}

/** A value in plain, percent-encoded and base64 form; for `Bearer x` and `Basic x` also `x`, and `x` decoded. */
function formsOf(value: string): readonly string[] {
  const [scheme = '', credentials = ''] = value.split(' ', 2);
  const pair = /^basic$/i.test(scheme) ? Buffer.from(credentials, 'base64').toString() : '';
  const password = pair.slice(pair.indexOf(':') + 1);
  return [value, credentials, pair, password]
    .filter((secret) => secret.length >= MIN_CHARS)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]);
}
