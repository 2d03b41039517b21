import type { AdmissionLimits } from './limits.js';
import type { Meter } from './meter.js';
import type { Refusal, Refusals } from './refusal.js';

/** The item's bytes of memory if it is admitted, or the reason why it is not. */
export type Admitted = number | Refusal;

/** The inputs of a rule: the limits, the reasons and the scales. */
export interface Gate {
  readonly limits: AdmissionLimits;
  readonly refusals: Refusals;
  readonly meter: Meter;
}

/** Checks the limits of everything that was weighed; undefined if all are kept. */
export function weighed({ meter, limits, refusals }: Gate): Refusal | undefined {
  if (meter.tooDeep) return refusals.depth;
  if (meter.mostAttributes > limits.maxAttributes) return refusals.attributes;
  if (meter.bytes > limits.maxItemBytes) return refusals.size;
  return undefined;
}
