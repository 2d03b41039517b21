import { withoutSecrets } from '../secrets/masked-text.js';
import { MASK } from '../secrets/secret.js';

const SECRET_PATH =
  /(^|\.)(headers\..+|auth\.(token|key|password|username)|auth|headers|passphrase)$|_HEADERS$/;
const URL_PATH = /endpoint$/i;
const LONGEST_SHOWN = 80;

/** A password may hold any character, so that only the last `@` ends it; a path of files may hold an `@` too. */
const withoutUserInfo = (text: string, isUrl: boolean): string => {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const userInfo = scheme !== '' || isUrl ? /^.*@/s : /^[^/?#\s]*@/;
  return scheme + rest.replace(userInfo, `${MASK}@`);
};

/** Returns the text of a value found at `path`, as a log may show it. */
export const shown = (path: string, value: unknown): string | undefined => {
  if (value === undefined) return undefined;
  if (SECRET_PATH.test(path)) return MASK;
  if (typeof value === 'string') {
    const isUrl = URL_PATH.test(path);
    const bare = withoutUserInfo(value, isUrl);
    const text = withoutSecrets(isUrl ? bare.replace(/[?#].*/s, `?${MASK}`) : bare);
    return JSON.stringify(
      text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text,
    );
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'symbol' ? 'a symbol' : `${value as number | boolean | bigint | null}`;
};
