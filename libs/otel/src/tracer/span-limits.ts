import type { SpanLimits } from '@opentelemetry/sdk-trace';
import { diag } from '../api/diag.js';

/** The bounds of a span, all filled in. */
export interface Limits {
  readonly attributes: number;
  readonly valueLength: number;
  readonly events: number;
  readonly links: number;
  readonly perEvent: number;
  readonly perLink: number;
}

/** [trace SDK, "Span Limits"] */
const DEFAULT_COUNT = 128;

/** A length of 0 or less is no limit, as the SDK has it. */
const lengthOf = (given: number | undefined): number => {
  if (given === undefined || given > 0) return given ?? Infinity;
  diag.warn(`attributeValueLengthLimit must be positive; ${given} is ignored`);
  return Infinity;
};

export const limitsOf = (given: SpanLimits = {}): Limits => ({
  attributes: given.attributeCountLimit ?? DEFAULT_COUNT,
  valueLength: lengthOf(given.attributeValueLengthLimit),
  events: given.eventCountLimit ?? DEFAULT_COUNT,
  links: given.linkCountLimit ?? DEFAULT_COUNT,
  perEvent: given.attributePerEventCountLimit ?? DEFAULT_COUNT,
  perLink: given.attributePerLinkCountLimit ?? DEFAULT_COUNT,
});
