import { isSecretKey, maskedText } from '../secrets/masked-text.js';

/** The part of a finding that may be shown. */
export type PlainDetail = Record<string, string | number | boolean | null>;

const MAX_KEYS = 20;
const MAX_KEY = 64;
/** Our own keys of the probe's body, those that `@nestjs/terminus` adds, and unsafe keys. */
const RESERVED = new Set([
  'status',
  'responseTime',
  'responseTimeMs',
  'cachedResponse',
  '__proto__',
  'constructor',
  'prototype',
]);

const plainValue = (value: unknown): string | number | boolean | null => {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'string':
      return maskedText(value);
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      return Array.isArray(value) ? `[${value.length} items]` : '[object]';
    default:
      return `[${typeof value}]`;
  }
};

/** Indicators are foreign code, so their values become few, short, plain and masked. */
export const plainDetail = (detail: unknown): PlainDetail => {
  const plain: PlainDetail = {};
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return plain;
  let left = MAX_KEYS;
  for (const key in detail) {
    if (left === 0) break;
    if (!Object.hasOwn(detail, key) || RESERVED.has(key)) continue;
    left -= 1;
    plain[key.slice(0, MAX_KEY)] = isSecretKey(key) ? '***' : readable(detail, key);
  }
  return plain;
};

const readable = (detail: object, key: string): string | number | boolean | null => {
  try {
    return plainValue((detail as Record<string, unknown>)[key]);
  } catch {
    return '[unreadable]';
  }
};
