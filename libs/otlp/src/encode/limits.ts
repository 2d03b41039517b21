/**
 * Limits of one item. Everything that is truncated or left out is counted in the `dropped_*_count` fields of the item
 * and in `EncodeLosses`. A value outside a limit's range is moved to the nearest end of the range.
 */
export interface EncodeLimits {
  /** UTF-16 units of a string value, bytes of a byte value. Truncated between code points. Default 4096. */
  readonly valueLength: number;
  /** UTF-16 units of an attribute key. Truncated between code points. Default 1024. */
  readonly keyLength: number;
  /** UTF-16 units of a log body that is a string. Default 32768. */
  readonly bodyLength: number;
  /** Nesting of arrays and maps in one value. Deeper ones become `[Array]` and `[Object]`. Default 8, range 0..32. */
  readonly depth: number;
  /** Attributes of a span or log record. Default 128. */
  readonly attributes: number;
  /** Attributes of one event, and of one link. Default 128. */
  readonly nestedAttributes: number;
  /** Events of a span: the last ones stay, as in the SDK. Default 128. */
  readonly events: number;
  /** Links of a span: the last ones stay, as in the SDK. Default 128. */
  readonly links: number;
  /** Bytes of one array or map value. Elements past it are left out. Default 16384. */
  readonly compositeBytes: number;
  /**
   * Bytes of one span, log record or data point. Attributes, events and links past it are left out. A data point past
   * it is dropped, since a point with half its attributes is another point. Default 65536, range 4096..4194304.
   */
  readonly itemBytes: number;
}

/** 4 KiB, depth 8, 128 attributes, 64 KiB, as docs/pipeline.md has it; counts as in the SDK specification. */
export const DEFAULT_ENCODE_LIMITS: EncodeLimits = Object.freeze({
  valueLength: 4096,
  keyLength: 1024,
  bodyLength: 32_768,
  depth: 8,
  attributes: 128,
  nestedAttributes: 128,
  events: 128,
  links: 128,
  compositeBytes: 16_384,
  itemBytes: 65_536,
});

/** Upper bound of every item. */
const MAX_ITEM_BYTES = 4_194_304;
const MIN_ITEM_BYTES = 4096;
const MAX_DEPTH = 32;

/** The defaults, overridden by `limits`, each within its range. */
export function encodeLimits(limits: Partial<EncodeLimits> = {}): EncodeLimits {
  const given = { ...DEFAULT_ENCODE_LIMITS, ...limits };
  const itemBytes = within(given.itemBytes, MIN_ITEM_BYTES, MAX_ITEM_BYTES);
  return Object.freeze({
    valueLength: within(given.valueLength, 0, itemBytes),
    keyLength: within(given.keyLength, 1, itemBytes >> 2),
    bodyLength: within(given.bodyLength, 0, itemBytes),
    depth: within(given.depth, 0, MAX_DEPTH),
    attributes: within(given.attributes, 0, MAX_ITEM_BYTES),
    nestedAttributes: within(given.nestedAttributes, 0, MAX_ITEM_BYTES),
    events: within(given.events, 0, MAX_ITEM_BYTES),
    links: within(given.links, 0, MAX_ITEM_BYTES),
    compositeBytes: within(given.compositeBytes, 0, itemBytes),
    itemBytes,
  });
}

/** A value that is not a number becomes the maximum, since `undefined` and Infinity mean no limit in the SDK. */
function within(value: number, min: number, max: number): number {
  return value >= min ? Math.min(Math.trunc(value), max) : value < min ? min : max;
}

/**
 * Counts of parts that were left out since the encoder was made. They only grow; a caller that warns compares two
 * readings.
 */
export interface EncodeLosses {
  readonly attributes: number;
  readonly events: number;
  readonly links: number;
  /** Values that were truncated, or replaced because reading them threw. */
  readonly values: number;
}

/** The counters behind `EncodeLosses`. */
export type OpenLosses = { -readonly [K in keyof EncodeLosses]: EncodeLosses[K] };
