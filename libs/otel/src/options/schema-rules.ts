import * as v from 'valibot';
import { MAX_TIMER_MS } from './environment.js';

// Each message says what to write; the fault that is made of it adds where and what was found.

export const text = v.string('write a string');
export const filled = v.pipe(
  text,
  v.trim(),
  v.nonEmpty('write at least one character, or leave it out'),
);
export const flag = v.boolean('write true or false');
export const list = <S extends v.GenericSchema>(item: S, what: string) =>
  v.pipe(v.array(item, `write an array of ${what}`), v.readonly());

export const whole = (min: number, max: number = MAX_TIMER_MS) => {
  const hint = `write a whole number from ${min} to ${max}`;
  return v.pipe(v.number(hint), v.integer(hint), v.minValue(min, hint), v.maxValue(max, hint));
};

export const oneOf = <const N extends readonly string[]>(...names: N) =>
  v.picklist(names, `write one of ${names.map((name) => `"${name}"`).join(', ')}`);

const method =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

export const withMethods = (what: string, ...names: readonly string[]) =>
  v.custom<object>(method(...names), `give a ${what} (an object with ${names.join(', ')})`);

export const pattern = v.custom<RegExp>(
  (value) => Object.prototype.toString.call(value) === '[object RegExp]',
);
export const anyFunction = v.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
);

const WORKER_HINT =
  'write true, false, or { entry } with the path or file: URL of the file that @nestlens/otlp/worker was bundled to';
export const worker = v.union(
  [
    v.boolean(),
    v.strictObject({
      entry: v.union([
        filled,
        v.custom<URL>((value) => (value as Partial<URL> | null)?.protocol === 'file:'),
      ]),
    }),
  ],
  WORKER_HINT,
);

const VISIBLE_ASCII = /^[\t\x20-\x7e]*$/;
/** Not trimmed: a line break at its end comes along from many a file, and would be sent. */
const SECRET = /^[\t\x20-\x7e]*[\x21-\x7e][\t\x20-\x7e]*$/;
const headerName = v.pipe(
  text,
  v.regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'write a header name without spaces'),
);
const headers = v.lazy((given) =>
  typeof given === 'function'
    ? anyFunction
    : v.record(
        headerName,
        v.pipe(text, v.regex(VISIBLE_ASCII, 'write printable ASCII on one line')),
        'write an object of header names and values, or a function that gives one',
      ),
);

const HTTP_URL_HINT = 'write a URL with its scheme, such as "http://collector:4317"';
const endpoint = v.pipe(
  text,
  v.check((value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol === 'unix:') return url.pathname.length > 1 && url.host === '';
    if (url === undefined || url.port === '0') return false;
    return /^https?:\/\/[^/]/i.test(value) && /^https?:$/.test(url.protocol);
  }, HTTP_URL_HINT),
);

const secretText = v.lazy((given) =>
  typeof given === 'function'
    ? anyFunction
    : v.pipe(text, v.regex(SECRET, 'write printable ASCII on one line')),
);
const password = v.lazy((given) => (typeof given === 'function' ? anyFunction : text));
const auth = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('bearer'), token: secretText }),
    v.strictObject({ type: v.literal('apiKey'), key: secretText, header: v.optional(headerName) }),
    v.strictObject({ type: v.literal('basic'), username: filled, password }),
  ],
  'write { type: "bearer", token }, { type: "apiKey", key } or { type: "basic", username, password }',
);

const tls = v.strictObject({
  caFile: v.optional(filled),
  certFile: v.optional(filled),
  keyFile: v.optional(filled),
  passphrase: v.optional(text),
  serverName: v.optional(filled),
  minVersion: v.optional(oneOf('TLSv1.2', 'TLSv1.3')),
});

export const destination = {
  protocol: v.optional(oneOf('grpc', 'http/protobuf', 'http/json')),
  endpoint: v.optional(endpoint),
  headers: v.optional(headers),
  auth: v.optional(auth),
  tls: v.optional(tls),
  compression: v.optional(oneOf('none', 'gzip', 'zstd')),
  timeoutMs: v.optional(whole(1)),
};

export const batch = v.pipe(
  v.strictObject({
    maxQueueSize: v.optional(whole(1, 10_000_000)),
    maxBatchSize: v.optional(whole(1, 10_000_000)),
    delayMs: v.optional(whole(1)),
    timeoutMs: v.optional(whole(1)),
  }),
  v.forward(
    v.check(
      ({ maxQueueSize, maxBatchSize }) =>
        maxBatchSize === undefined || maxBatchSize <= (maxQueueSize ?? 2048),
      'write at most maxQueueSize (2048 unless set)',
    ),
    ['maxBatchSize'],
  ),
);

export const simpleAttribute = v.union(
  [text, v.number(), flag, v.array(text), v.array(v.number()), v.array(flag)],
  'write a string, a number, a boolean, or an array of one of them',
);

export const pool = v.strictObject({
  sessions: v.optional(whole(1, 16)),
  connectTimeoutMs: v.optional(whole(1)),
  keepaliveMs: v.optional(whole(1)),
  keepaliveTimeoutMs: v.optional(whole(1)),
  maxAgeMs: v.optional(whole(1)),
});

export const spool = v.strictObject({
  directory: v.optional(filled),
  maxBytes: v.optional(whole(65_536, Number.MAX_SAFE_INTEGER)),
  maxAgeMs: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
  durable: v.optional(oneOf('overflow', 'always')),
  fsyncIntervalMs: v.optional(
    v.union(
      [v.literal('always'), whole(1, 3_600_000)],
      'write "always", or a whole number from 1 to 3600000',
    ),
  ),
  onCrash: v.optional(flag),
});
