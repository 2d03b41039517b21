import { MASK } from '../secrets/secret.js';

const SECRET_PATH =
  /(^|\.)(headers\..+|auth\.(token|key|password|username)|auth|headers|passphrase)$|_HEADERS$/;
const LONGEST_SHOWN = 80;

/** `https://user:pass@host` without what stands before the `@`; anything else as it is. */
export const withoutUserInfo = (text: string): string =>
  text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#\s]*@/i, (_, scheme?: string) => {
    return `${scheme ?? ''}${MASK}@`;
  });

/** How a value found at `path` may be shown to whoever reads the log. */
export const shown = (path: string, value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  if (SECRET_PATH.test(path)) return MASK;
  if (typeof value === 'string') {
    const text = withoutUserInfo(value);
    return JSON.stringify(
      text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text,
    );
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'symbol' ? 'a symbol' : `${value as number | boolean | bigint | null}`;
};
