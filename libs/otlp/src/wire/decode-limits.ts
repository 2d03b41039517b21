import { WireError } from './wire-error.js';

/**
 * Limits of one message. Empty records take two bytes on the wire and hundreds in memory, so a bound on bytes alone
 * does not bound memory.
 */
export interface DecodeLimits {
  /** Nesting of arrays and maps in one attribute value or log body. Default 64. */
  readonly maxDepth: number;
  /** Spans, events, links, metrics, points, exemplars, log records, scopes and resources together. Default 250 000. */
  readonly maxRecords: number;
  /** Attributes, list items, histogram buckets and bounds together. Default 1 000 000. */
  readonly maxValues: number;
}

/** The default limits. */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = Object.freeze({
  maxDepth: 64,
  maxRecords: 250_000,
  maxValues: 1_000_000,
});

/** Counts how much of its limits one message has used. */
export class DecodeBudget {
  #depth: number;
  #records: number;
  #values: number;

  constructor(limits: Partial<DecodeLimits> = {}) {
    this.#depth = limits.maxDepth ?? DEFAULT_DECODE_LIMITS.maxDepth;
    this.#records = limits.maxRecords ?? DEFAULT_DECODE_LIMITS.maxRecords;
    this.#values = limits.maxValues ?? DEFAULT_DECODE_LIMITS.maxValues;
  }

  record(): void {
    if (--this.#records < 0) throw new WireError('too_many', 'too many records', '');
  }

  value(): void {
    if (--this.#values < 0) throw new WireError('too_many', 'too many values', '');
  }

  /** Enters a value inside a value. Call `leave` on the way out. */
  enter(): void {
    if (--this.#depth < 0) throw new WireError('depth', 'value nested too deep', '');
  }

  leave(): void {
    this.#depth++;
  }
}
