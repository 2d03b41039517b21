import { WireError } from './wire-error.js';

/**
 * What one message may cost. Empty records take two bytes on the wire and hundreds in memory, so a bound on bytes
 * alone is none on memory.
 */
export interface DecodeLimits {
  /** Arrays and maps inside each other in one attribute value or log body. Default 64. */
  readonly maxDepth: number;
  /** Spans, events, links, metrics, points, exemplars, log records, scopes and resources together. Default 250 000. */
  readonly maxRecords: number;
  /** Attributes, list items, histogram buckets and bounds together. Default 1 000 000. */
  readonly maxValues: number;
}

/** The limits that hold unless others are given. */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = Object.freeze({
  maxDepth: 64,
  maxRecords: 250_000,
  maxValues: 1_000_000,
});

/** Counts what one message has used of its limits. */
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

  /** Of a value inside a value; `leave` it on the way out. */
  enter(): void {
    if (--this.#depth < 0) throw new WireError('depth', 'value nested too deep', '');
  }

  leave(): void {
    this.#depth++;
  }
}
