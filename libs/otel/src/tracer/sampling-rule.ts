import type { TraceId } from '@nestlens/otlp';

/** The names of OpenTelemetry's own samplers. */
type RuleName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

const ALL = 2 ** 32;

/**
 * The decision of OpenTelemetry's own samplers, as far as one of them needs: by the flags of the parent or by the ID
 * of the trace. Neither attributes nor links are read.
 */
export interface SamplingRule {
  readonly followsParent: boolean;
  /** Traces whose four words, xor-ed, are below this are sampled. */
  readonly bound: number;
}

const boundOf = (ratio: number): number => {
  if (!(ratio > 0)) return 0;
  return ratio >= 1 ? ALL : Math.floor(ratio * (ALL - 1));
};

/** [trace SDK, "Built-in samplers"] */
export const samplingRule = (name: RuleName, ratio: number): SamplingRule => {
  const followsParent = name.startsWith('parentbased_');
  if (name.endsWith('always_on')) return { followsParent, bound: ALL };
  if (name.endsWith('always_off')) return { followsParent, bound: 0 };
  return { followsParent, bound: boundOf(ratio) };
};

/** Whether the answer depends on the ID of a trace. */
export const readsTraceId = ({ bound }: SamplingRule): boolean => bound > 0 && bound < ALL;

/** The same number for a trace in each process and SDK, so that all of them decide alike. */
const numberOf = (trace: TraceId): number => {
  if (trace.hasWords) return (trace.first ^ trace.second ^ trace.third ^ trace.fourth) >>> 0;
  let number = 0;
  for (let from = 0; from < 32; from += 8) {
    number ^= Number.parseInt(trace.text.slice(from, from + 8), 16);
  }
  return number >>> 0;
};

export const isInShare = ({ bound }: SamplingRule, trace: TraceId): boolean =>
  numberOf(trace) < bound;

export const alwaysIn = ({ bound }: SamplingRule): boolean => bound === ALL;
