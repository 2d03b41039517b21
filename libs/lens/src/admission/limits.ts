/**
 * Limits of one item. An item above them is left out and counted; the rest of its request is kept. Sizes are
 * estimates of heap memory, the same as in the store's accounting.
 */
export interface AdmissionLimits {
  /** Characters in a span, metric or event name, and in `service.name`. Default 1,024. */
  readonly maxNameLength: number;
  /** Attributes in one set. Default 1,024. */
  readonly maxAttributes: number;
  /** Nesting of attribute values and log bodies. Default 32. */
  readonly maxDepth: number;
  /** Bytes of one span, log record or metric point, and of one resource with its scope. Default 256 KiB. */
  readonly maxItemBytes: number;
}

export const defaultAdmissionLimits: AdmissionLimits = Object.freeze({
  maxNameLength: 1_024,
  maxAttributes: 1_024,
  maxDepth: 32,
  maxItemBytes: 256 * 1_024,
});
