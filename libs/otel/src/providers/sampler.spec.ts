import { ROOT_CONTEXT, SamplingDecision, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/api';
import type { SamplerName } from '../options/otel.options.js';
import { buildSampler } from './sampler.js';

const LOW_TRACE = `${'0'.repeat(31)}1`;
const SPAN = 'a'.repeat(16);

const samples = (sampler: Sampler, parent?: 'sampled' | 'unsampled'): boolean => {
  const traceFlags = parent === 'sampled' ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const context =
    parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId: LOW_TRACE,
          spanId: SPAN,
          traceFlags,
          isRemote: true,
        });
  const { decision } = sampler.shouldSample(context, LOW_TRACE, 'x', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
};

describe('buildSampler', () => {
  // The three results: for a root, for a child of a sampled parent, for a child of an unsampled parent.
  it.each<[SamplerName, number, readonly [boolean, boolean, boolean]]>([
    ['always_on', 1, [true, true, true]],
    ['always_off', 1, [false, false, false]],
    ['traceidratio', 1, [true, true, true]],
    ['traceidratio', 0, [false, false, false]],
    ['parentbased_always_on', 1, [true, true, false]],
    ['parentbased_always_off', 1, [false, true, false]],
    ['parentbased_traceidratio', 0, [false, true, false]],
    ['parentbased_traceidratio', 0.5, [true, true, false]],
  ])('makes %s with the ratio %d', (name, ratio, expected) => {
    const sampler = buildSampler({ kind: 'named', name, ratio });
    const seen = [samples(sampler), samples(sampler, 'sampled'), samples(sampler, 'unsampled')];
    expect(seen).toEqual(expected);
  });

  it('returns a given sampler unchanged', () => {
    const own: Sampler = { shouldSample: () => ({ decision: SamplingDecision.NOT_RECORD }) };
    expect(buildSampler({ kind: 'own', sampler: own })).toBe(own);
  });
});
