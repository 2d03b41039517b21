import { withoutSecrets } from './masked-text.js';
import { MASK } from './secret.js';

/** Shorter ones would turn every other word into asterisks. */
const MIN_SECRET_CHARS = 4;

/**
 * Removes secrets from text that people will read: first the known secrets, then texts that look like secrets (user
 * information in URLs, authorization schemes, `token=...`).
 */
export class SecretMask {
  #secrets: string[] = [];

  static of(secrets: readonly string[]): SecretMask {
    const mask = new SecretMask();
    for (const secret of secrets) mask.add(secret);
    return mask;
  }

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
    return withoutSecrets(masked);
  }
}
