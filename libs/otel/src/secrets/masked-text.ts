import { MASK } from './secret.js';

/** Long enough for a driver's message, short enough for a probe's body. */
const MAX_TEXT = 300;
/** The number of characters that are searched. The rest of a longer text is cut off before any part is shown. */
const MAX_INPUT = 4096;

const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'<>]*@/gi;
const SCHEME_TOKEN = /\b(bearer|basic|digest)\s+[\w.~+/=-]{4,}/gi;
const WEB_TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const SECRET_WORD =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|authorization|cookie|' +
  '(?:api|access|account|private|shared)[ _-]?key';
const SECRET_KEY = new RegExp(SECRET_WORD, 'i');
const SECRET_PAIR = new RegExp(
  `((?:${SECRET_WORD})[\\w-]{0,20}["']?\\s*[=:]\\s*)("[^"]*"|'[^']*'|[^\\s,;&}]+)`,
  'gi',
);

/** Returns true for a key whose value is likely a secret. */
export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key);

/** The text without likely secrets: credentials in URLs, authorization schemes, `password=...` and their like. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(URL_CREDENTIALS, `$1${MASK}@`)
    .replace(SCHEME_TOKEN, `$1 ${MASK}`)
    .replace(WEB_TOKEN, MASK)
    .replace(SECRET_PAIR, `$1${MASK}`);

/** At most 300 characters, with credentials and connection strings' secrets replaced by `***`. */
export const maskedText = (text: string): string => {
  const cut = text.length > MAX_INPUT;
  // The last word may be half of a secret that the patterns no longer know.
  const input = cut ? text.slice(0, MAX_INPUT).replace(/\S*$/, '') : text;
  const masked = withoutSecrets(input);
  return masked.length > MAX_TEXT || cut ? `${masked.slice(0, MAX_TEXT)}…` : masked;
};

/** The masked message of any thrown value. Never throws. */
export const errorText = (error: unknown): string => {
  try {
    if (typeof error === 'object' && error !== null) {
      const { message, code } = error as { message?: unknown; code?: unknown };
      // A refused connection to `localhost` is an AggregateError with a code and no message.
      const text = typeof message === 'string' && message !== '' ? message : code;
      return maskedText(typeof text === 'string' && text !== '' ? text : 'unknown error');
    }
    return typeof error === 'string' && error !== '' ? maskedText(error) : 'unknown error';
  } catch {
    return 'unknown error';
  }
};
