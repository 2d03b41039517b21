import { REDACTED } from './semconv.js';

/**
 * Query keys whose values are never kept, in lower case: the seven of the semantic conventions (`url.query`),
 * then the well-known names of credentials.
 */
export const SENSITIVE_QUERY_KEYS: readonly string[] = [
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'awsaccesskeyid',
  'signature',
  'sig',
  'x-goog-signature',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'api_key',
  'apikey',
  'api-key',
  'password',
  'passwd',
  'secret',
  'client_secret',
];

/** Headers that carry credentials: named in the options they are kept, their values never. */
const SENSITIVE_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
]);

const LONGEST_VALUE = 4096;

/** Truncates a value whose length a client chooses to 4,096 UTF-16 units, never through a code point. */
export const bounded = (value: string): string => {
  if (value.length <= LONGEST_VALUE) return value;
  const last = value.charCodeAt(LONGEST_VALUE - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return value.slice(0, splits ? LONGEST_VALUE - 1 : LONGEST_VALUE);
};

// A key may hide behind percent-encoding, even twice where a proxy decodes once.
const decodedTwice = (key: string): string => {
  if (!key.includes('%')) return key;
  try {
    const once = decodeURIComponent(key);
    return once.includes('%') ? decodeURIComponent(once) : once;
  } catch {
    return key;
  }
};

/** Replaces the values of sensitive keys, in any case; keys and order stay. `query` has no `?`. */
export const redactQuery = (query: string, sensitive: ReadonlySet<string>): string => {
  let result = '';
  let kept = 0;
  let start = 0;
  let equals = -1;
  while (start < query.length) {
    const next = query.indexOf('&', start);
    const end = next === -1 ? query.length : next;
    if (equals < start) equals = query.indexOf('=', start);
    if (equals === -1) break;
    if (equals < end && sensitive.has(decodedTwice(query.slice(start, equals)).toLowerCase())) {
      result += query.slice(kept, equals + 1) + REDACTED;
      kept = end;
    }
    start = end + 1;
  }
  return kept === 0 ? query : result + query.slice(kept);
};

/** A header's values as the conventions want them: always a list. */
export const headerValues = (
  name: string,
  value: number | string | readonly string[],
): string[] => {
  const values = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return SENSITIVE_HEADERS.has(name) ? values.map(() => REDACTED) : values.map(bounded);
};
