import type { AnyValue } from '@opentelemetry/api';
import { isErrorLike } from '../exceptions/error-like.js';
import type { ErrorLike } from '../exceptions/error-like.js';
import { toText } from '../exceptions/text.js';

const MAX_DEPTH = 8;
const MAX_NODES = 1000;
const MAX_CHARS = 65_536;
const MAX_KEY_CHARS = 1024;

/** The budget that one conversion has left. All parts of a value share it. */
interface Budget {
  nodes: number;
  chars: number;
  readonly ancestors: Set<object>;
}

/**
 * Any value of JavaScript as an OTLP AnyValue. Never throws, and copies at most 1000 parts in 8 levels
 * with 65,536 characters and bytes in all; the rest becomes `[Truncated]` or is cut.
 *
 * BigInt, Symbol and functions become strings, Date its ISO form, Map an object (or a list of pairs),
 * Set a list, Error an object of name, message, stack, code and cause. `toJSON` is honoured. Lone
 * surrogates become U+FFFD. Circular references become `[Circular]`, throwing getters `[Throws]`.
 */
export const toAnyValue = (value: unknown): AnyValue =>
  convert(value, 0, { nodes: MAX_NODES, chars: MAX_CHARS, ancestors: new Set() });

const convert = (value: unknown, depth: number, budget: Budget): AnyValue => {
  budget.nodes -= 1;
  switch (typeof value) {
    case 'string':
      return text(value, budget);
    case 'object':
      return value === null ? null : container(value, depth, budget);
    case 'bigint':
    case 'symbol':
      return text(String(value), budget);
    case 'function':
      return text(`[Function ${functionName(value)}]`, budget);
    default:
      return value;
  }
};

const container = (value: object, depth: number, budget: Budget): AnyValue => {
  if (budget.ancestors.has(value)) return '[Circular]';
  if (depth >= MAX_DEPTH || budget.nodes <= 0 || budget.chars <= 0) return '[Truncated]';
  budget.ancestors.add(value);
  try {
    return object(value, depth + 1, budget);
  } catch {
    return '[Throws]';
  } finally {
    budget.ancestors.delete(value);
  }
};

const object = (value: object, depth: number, budget: Budget): AnyValue => {
  if (value instanceof Uint8Array) return bytes(value, budget);
  if (Array.isArray(value)) return list(value, value.length, depth, budget);
  if (isErrorLike(value)) return errorObject(value, depth, budget);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return convert(value.toJSON(), depth, budget);
  }
  const tag = Object.prototype.toString.call(value);
  switch (tag) {
    case '[object Map]':
      return mapObject(value as Map<unknown, unknown>, depth, budget);
    case '[object Set]':
      return list(value as Set<unknown>, (value as Set<unknown>).size, depth, budget);
    case '[object RegExp]':
      return text(`${value as RegExp}`, budget);
    case '[object Promise]':
    case '[object WeakMap]':
    case '[object WeakSet]':
      return tag;
    default: {
      const record = value as Record<string, unknown>;
      return entries(Object.keys(record), (key) => record[key], depth, budget);
    }
  }
};

const text = (value: string, budget: Budget): string => {
  const kept = toText(value, Math.max(budget.chars, 0));
  budget.chars -= kept.length;
  return kept;
};

const bytes = (value: Uint8Array, budget: Budget): Uint8Array => {
  // A copy, since the caller may go on writing into the memory before the export.
  const kept = Uint8Array.prototype.slice.call(value, 0, Math.max(budget.chars, 0));
  budget.chars -= kept.length;
  return kept;
};

const list = (
  items: Iterable<unknown>,
  length: number,
  depth: number,
  budget: Budget,
): AnyValue[] => {
  const kept: AnyValue[] = [];
  for (const item of items) {
    if (budget.nodes <= 0 || budget.chars <= 0) {
      kept.push(`[Truncated ${length - kept.length} items]`);
      break;
    }
    kept.push(item === undefined ? null : convert(item, depth, budget));
  }
  return kept;
};

const mapObject = (map: Map<unknown, unknown>, depth: number, budget: Budget): AnyValue => {
  const keys = [...map.keys()];
  if (!keys.every((key) => typeof key === 'string')) return list(map, map.size, depth, budget);
  return entries(keys, (key) => map.get(key), depth, budget);
};

const errorObject = (error: ErrorLike, depth: number, budget: Budget): AnyValue => {
  const { name, message, stack, code, cause } = error;
  const fields: Record<string, unknown> = { name, message, stack, code, cause };
  return entries(Object.keys(fields), (key) => fields[key], depth, budget);
};

const entries = (
  keys: readonly string[],
  read: (key: string) => unknown,
  depth: number,
  budget: Budget,
): Record<string, AnyValue> => {
  const kept: Record<string, AnyValue> = {};
  for (const key of keys) {
    if (budget.nodes <= 0 || budget.chars <= 0) {
      kept['[Truncated]'] = true;
      break;
    }
    const value = attempt(() => read(key));
    if (key === '' || value === undefined) continue;
    // Defined, not assigned: a key `__proto__` is data as well.
    Object.defineProperty(kept, toText(key, MAX_KEY_CHARS), {
      value: convert(value, depth, budget),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return kept;
};

const attempt = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return '[Throws]';
  }
};

const functionName = (value: object): string => {
  const name = attempt(() => (value as { name?: unknown }).name);
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
};
