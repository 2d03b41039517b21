import type { AnyValue, Attributes } from '@nestlens/otlp/wire';

/** Values that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** int64 beyond 2^53 as a string, bytes as base64, NaN and infinities by name. Depth is bounded. */
export function jsonValue(value: AnyValue): Json {
  switch (typeof value) {
    case 'number':
      return jsonNumber(value);
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : nested(value);
    default:
      return value;
  }
}

export function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Without a prototype, so that a key such as `__proto__` stays data. */
export function jsonAttributes(attributes: Attributes): { [key: string]: Json } {
  const json = Object.create(null) as { [key: string]: Json };
  for (const key in attributes) json[key] = jsonValue(attributes[key]!);
  return json;
}

function nested(value: Exclude<AnyValue & object, null>): Json {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('base64');
  if (Array.isArray(value)) return (value as AnyValue[]).map(jsonValue);
  return jsonAttributes(value as Attributes);
}

/** The difference of two times in milliseconds, to the microsecond. */
export function msBetween(from: bigint, to: bigint): number {
  return Number((to - from) / 1_000n) / 1_000;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
