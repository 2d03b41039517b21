import type { AnyValue, Attributes } from '../wire/model.js';

export function attributesJson(attributes: Attributes): unknown[] {
  return Object.keys(attributes).map((key) => ({
    key,
    value: anyValueJson(attributes[key] ?? null),
  }));
}

export function anyValueJson(value: AnyValue): unknown {
  if (value === null) return {};
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'bigint':
      return { intValue: String(value) };
    case 'number':
      return Number.isSafeInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: doubleJson(value) };
    default:
      return compositeJson(value);
  }
}

function compositeJson(value: Exclude<AnyValue, string | number | bigint | boolean | null>) {
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) {
    const values = value as readonly AnyValue[];
    return { arrayValue: { values: values.map((item) => anyValueJson(item)) } };
  }
  return { kvlistValue: { values: attributesJson(value as Attributes) } };
}

/**
 * JSON has no NaN and no infinities, and JSON.stringify has no -0. They are written as texts, which protobuf's JSON
 * mapping allows.
 */
export function doubleJson(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** Leaves out a field of 0, */
export function count(key: string, value: number): object | undefined {
  return value === 0 ? undefined : { [key]: value };
}

/** an empty text, */
export function text(key: string, value: string): object | undefined {
  return value === '' ? undefined : { [key]: value };
}

/** and an empty list. */
export function list(key: string, values: readonly unknown[]): object | undefined {
  return values.length === 0 ? undefined : { [key]: values };
}
