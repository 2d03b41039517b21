import type { AdmissionLimits } from './limits.js';
import type { Meter } from './meter.js';
import type { Refusal, Refusals } from './refusal.js';

/** Bytes of memory of an item that may come in, or why it may not. */
export type Admitted = number | Refusal;

/** What a rule needs: the limits, the reasons and the scales. */
export interface Gate {
  readonly limits: AdmissionLimits;
  readonly refusals: Refusals;
  readonly meter: Meter;
}

/** The limits that hold for whatever was weighed; undefined where it is within them. */
export function weighed({ meter, limits, refusals }: Gate): Refusal | undefined {
  if (meter.tooDeep) return refusals.depth;
  if (meter.mostAttributes > limits.maxAttributes) return refusals.attributes;
  if (meter.bytes > limits.maxItemBytes) return refusals.size;
  return undefined;
}
