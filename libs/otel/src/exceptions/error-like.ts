import { types } from 'node:util';

/** The fields of all errors, of any realm. */
export interface ErrorLike {
  readonly name?: unknown;
  readonly message: string;
  readonly stack: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  /** The errors of an AggregateError. */
  readonly errors?: unknown;
}

/** The value of `get`, or `undefined` if it throws, since a thrown value may have getters that throw. */
export const attempt = <T>(get: () => T): T | undefined => {
  try {
    return get();
  } catch {
    return undefined;
  }
};

const hasTexts = (value: object): boolean => {
  const { stack, message } = value as Partial<ErrorLike>;
  return typeof stack === 'string' && typeof message === 'string';
};

/**
 * Whether this is an error. It also finds errors of another realm, a DOMException, and errors whose getters throw,
 * which `instanceof Error` or a look at the texts would miss. Never throws.
 */
export const isErrorLike = (value: unknown): value is ErrorLike =>
  typeof value === 'object' &&
  value !== null &&
  (types.isNativeError(value) || attempt(() => hasTexts(value)) === true);
