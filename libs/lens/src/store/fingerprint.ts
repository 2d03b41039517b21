import type { AnyValue, Attributes } from '@nestlens/otlp/wire';

/**
 * A string that is equal only for equal values: each part carries its type and its length. Admission has bounded the
 * depth before.
 */
export function fingerprint(attributes: Attributes): string {
  let print = '';
  for (const key in attributes) print += pair(key, attributes[key]!);
  return print;
}

/** Like `fingerprint`, whatever the order of the keys. */
export function sortedFingerprint(attributes: Attributes): string {
  let print = '';
  for (const key of Object.keys(attributes).toSorted()) print += pair(key, attributes[key]!);
  return print;
}

function pair(key: string, value: AnyValue): string {
  return `${key.length}:${key}${printed(value)}`;
}

function printed(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
      return `n${Object.is(value, -0) ? '-0' : value};`;
    case 'bigint':
      return `n${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    default:
      return value === null ? 'z' : nested(value);
  }
}

function nested(value: Exclude<AnyValue & object, null>): string {
  if (ArrayBuffer.isView(value)) {
    const text = Buffer.from(value as Uint8Array).toString('latin1');
    return `b${text.length}:${text}`;
  }
  if (Array.isArray(value)) return `[${value.map(printed).join('')}]`;
  return `{${fingerprint(value as Attributes)}}`;
}
