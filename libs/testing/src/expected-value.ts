import { isDeepStrictEqual } from 'node:util';

/** A value, a pattern for a string, or a predicate. `undefined` means that the attribute must be absent. */
export type ExpectedValue = unknown;

export const fits = (expected: ExpectedValue, found: unknown): boolean => {
  if (typeof expected === 'function')
    return (expected as (value: unknown) => unknown)(found) === true;
  if (isPattern(expected)) return typeof found === 'string' && found.search(expected) !== -1;
  return expected === found || isDeepStrictEqual(plain(expected), plain(found));
};

/** Makes values comparable: OTLP has bigint for large integers, and objects without a prototype. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return Array.from(value, plain);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};

const isPattern = (value: unknown): value is RegExp =>
  Object.prototype.toString.call(value) === '[object RegExp]';

/** Prints a value like in an expectation. */
export const printed = (value: unknown): string => {
  if (typeof value === 'function') return value.name === '' ? '(a check)' : `(${value.name})`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.prototype.toString.call(value) === '[object RegExp]') return String(value);
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? `${inner}n` : inner,
    ) ?? 'undefined'
  );
};
