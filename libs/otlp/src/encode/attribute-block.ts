import type { Attributes } from '@opentelemetry/api';

/**
 * One bit of 32 for a key. Keys with different bits are different keys, so that a list whose bits are known need not be
 * searched for a key that it does not have.
 */
export function bitOf(key: string): number {
  const length = key.length;
  return 1 << ((length + key.charCodeAt(length - 1) * 3 + key.charCodeAt(length >> 1) * 7) & 31);
}

/**
 * Attributes that never change, such as those of a handler. Many spans have them, and the encoder keeps their bytes. The
 * attributes must be valid, and must not be changed.
 */
export class AttributeBlock {
  readonly attributes: Readonly<Attributes>;
  readonly keys: readonly string[];
  /** The bits of all keys, see `bitOf`. */
  readonly bits: number;
  /** UTF-16 units of the longest key. */
  readonly longestKey: number;
  /** UTF-16 units of the longest text; Infinity if a value is neither a text nor a number nor a boolean. */
  readonly longestText: number;
  /**
   * The attributes of a span in OTLP, written by the first encoder that met them. Any encoder with sufficient limits
   * writes the same.
   */
  encoded: Uint8Array | undefined;
  /** How often it was written one by one. */
  written = 0;

  constructor(attributes: Readonly<Attributes>) {
    this.attributes = attributes;
    this.keys = Object.keys(attributes);
    this.bits = this.keys.reduce((bits, key) => bits | bitOf(key), 0);
    this.longestKey = Math.max(0, ...this.keys.map((key) => key.length));
    this.longestText = Math.max(0, ...Object.values(attributes).map(unitsOf));
  }
}

function unitsOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'number' || typeof value === 'boolean' ? 0 : Infinity;
}
