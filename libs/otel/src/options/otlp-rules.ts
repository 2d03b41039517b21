import { readEndpoint } from '@nestlens/otlp';
import * as v from 'valibot';
import { DURABILITIES, TLS_VERSIONS } from './option-names.js';
import { anyFunction, filled, oneOf, ruleOf, text, whole } from './option-rules.js';
import type { Rule } from './option-rules.js';
import type { OtlpAuth, OtlpHeaders } from './option-types.js';

const VISIBLE_ASCII = /^[\t\x20-\x7e]*$/;
/** Not trimmed: a line break at its end comes along from many a file, and would be sent. */
const SECRET = /^[\t\x20-\x7e]*[\x21-\x7e][\t\x20-\x7e]*$/;

const headerName = v.pipe(
  v.string('write a string'),
  v.regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'write a header name without spaces'),
);

export const headers = ruleOf<OtlpHeaders | (() => OtlpHeaders | Promise<OtlpHeaders>)>(
  v.lazy((given) =>
    typeof given === 'function'
      ? anyFunction
      : v.record(
          headerName,
          v.pipe(
            v.string('write a string'),
            v.regex(VISIBLE_ASCII, 'write printable ASCII on one line'),
          ),
          'write an object of header names and values, or a function that gives one',
        ),
  ),
  'OtlpHeaders | (() => OtlpHeaders | Promise<OtlpHeaders>)',
);

/** The part after a `?` is reported elsewhere, once the protocol is known. */
export const endpoint = ruleOf<string>(
  v.pipe(
    v.string('write a string'),
    v.check((value) => {
      const reading = readEndpoint(value);
      return reading.kind === 'endpoint' || reading.fault === 'query';
    }, 'write a URL with its scheme, such as "http://collector:4317"'),
  ),
  'string',
);

const secretText = v.lazy((given) =>
  typeof given === 'function'
    ? anyFunction
    : v.pipe(v.string('write a string'), v.regex(SECRET, 'write printable ASCII on one line')),
);
const password = v.lazy((given) => (typeof given === 'function' ? anyFunction : text.schema));

export const auth = ruleOf<OtlpAuth>(
  v.variant(
    'type',
    [
      v.strictObject({ type: v.literal('bearer'), token: secretText }),
      v.strictObject({
        type: v.literal('apiKey'),
        key: secretText,
        header: v.optional(headerName),
      }),
      v.strictObject({ type: v.literal('basic'), username: filled.schema, password }),
    ],
    'write { type: "bearer", token }, { type: "apiKey", key } or { type: "basic", username, password }',
  ),
  'OtlpAuth',
);

export const worker = ruleOf<boolean | { entry: string | URL }>(
  v.union(
    [
      v.boolean(),
      v.strictObject({
        entry: v.union([
          filled.schema,
          v.custom<URL>((value) => (value as Partial<URL> | null)?.protocol === 'file:'),
        ]),
      }),
    ],
    'write true, false, or { entry } with the path or file: URL of the file that @nestlens/otel/worker was bundled to',
  ),
  'boolean | { entry: string | URL }',
);

export const fsyncInterval: Rule<number | 'always'> = {
  schema: v.union(
    [v.literal('always'), whole(1, 3_600_000).schema],
    'write "always", or a whole number from 1 to 3600000',
  ),
  type: "number | 'always'",
  range: () => '1 to 3600000 ms, or `always`',
};

export const durability = oneOf(DURABILITIES);
export const tlsVersion = oneOf(TLS_VERSIONS);
/** A whole number that may exceed the maximum of a timer, for sizes and ages of files on a disk. */
export const wholeBeyondTimers = (min: number): Rule<number> => ({
  ...whole(min, Number.MAX_SAFE_INTEGER),
  range: (unit) => `At least ${min} ${unit}`,
});
