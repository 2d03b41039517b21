import { Injectable } from '@nestjs/common';

const MASK = '***';
/** Shorter ones would turn every other word into asterisks. */
const MIN_SECRET_CHARS = 4;

const USER_INFO = /(:\/\/)[^/\s@]+@/g;
const SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]+/gi;
const PAIR =
  /((?:authorization|[\w-]{0,32}(?:token|secret|password|passwd|api[-_]?key|credential|cookie)[\w-]{0,32})["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi;

/**
 * Takes secrets out of text that people will read: first those it was told of, then what looks like one
 * (user information in URLs, authorization schemes, `token=...`).
 */
@Injectable()
export class SecretMask {
  #secrets: string[] = [];

  /** Hides `secret` in its plain, URL-encoded and base64 form. Values under 4 characters are ignored. */
  add(secret: string): void {
    if (secret.length < MIN_SECRET_CHARS) return;
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    // Longest first, or a secret that contains another would stay in part.
    this.#secrets = [...new Set([...this.#secrets, ...forms])].toSorted(
      (a, b) => b.length - a.length,
    );
  }

  mask(text: string): string {
    let masked = text;
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, MASK);
    return masked
      .replace(USER_INFO, `$1${MASK}@`)
      .replace(SCHEME, `$1 ${MASK}`)
      .replace(PAIR, `$1${MASK}`);
  }
}
