import { attempt, isErrorLike } from './error-like.js';
import type { ErrorLike } from './error-like.js';
import { toBytesText } from './text.js';

const MAX_BYTES = 65_536;
const MAX_DEPTH = 8;
const MAX_ERRORS = 10;

const primitive = (value: unknown): string => {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return '[Function]';
  return typeof value === 'object' && value !== null ? '[Object]' : String(value);
};

const own = (error: ErrorLike, indent: string): string => {
  const stack = attempt(() => error.stack);
  const text =
    typeof stack === 'string' && stack !== '' ? stack : `[${attempt(() => error.message) ?? ''}]`;
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
};

/**
 * The text of `util.inspect` without the other properties of the error, which may hold a request with its credentials.
 */
const render = (value: unknown, indent: string, ancestors: ReadonlySet<unknown>): string => {
  if (!isErrorLike(value)) return primitive(value);
  if (ancestors.has(value)) return '[Circular]';
  if (ancestors.size >= MAX_DEPTH) return '[Truncated]';
  const inner = `${indent}  `;
  const seen = new Set(ancestors).add(value);
  const parts: string[] = [];
  const cause = attempt(() => value.cause);
  if (cause !== undefined) parts.push(`[cause]: ${render(cause, inner, seen)}`);
  const errors = attempt(() => value.errors);
  if (Array.isArray(errors)) parts.push(`[errors]: ${list(errors, inner, seen)}`);
  const text = own(value, indent);
  return parts.length === 0
    ? text
    : `${text} {\n${parts.map((part) => inner + part).join(',\n')}\n${indent}}`;
};

const list = (errors: unknown[], indent: string, seen: ReadonlySet<unknown>): string => {
  const inner = `${indent}  `;
  const shown = errors.slice(0, MAX_ERRORS).map((error) => inner + render(error, inner, seen));
  const more = errors.length - shown.length;
  if (more > 0) shown.push(`${inner}... ${more} more items`);
  return `[\n${shown.join(',\n')}\n${indent}]`;
};

/**
 * The stack of an error with those of its causes, and of the errors of an AggregateError, in the form in which Node
 * prints them: at most 8 deep, 10 errors each and 65,536 bytes. `undefined` if there is no stack.
 */
export const stackText = (thrown: unknown): string | undefined => {
  if (!isErrorLike(thrown)) return undefined;
  const stack = attempt(() => thrown.stack);
  if (typeof stack !== 'string' || stack === '') return undefined;
  const text = attempt(() => render(thrown, '', new Set())) ?? stack;
  return toBytesText(text, MAX_BYTES);
};
