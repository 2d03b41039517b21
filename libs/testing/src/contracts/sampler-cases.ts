import { strict as assert } from 'node:assert';
import { ROOT_CONTEXT, SpanKind, createTraceState, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';
import { REMOTE, below, processor } from './tracer-bench.js';
import type { OnTracer } from './tracer-bench.js';

const { NOT_RECORD, RECORD, RECORD_AND_SAMPLED } = SamplingDecision;
const SAMPLED = 1;
const UNSAMPLED: SpanContext = { ...REMOTE, traceFlags: 0 };

const always = (result: SamplingResult): Sampler => ({ shouldSample: () => result });

/** [trace SDK, "Sampling"] */
export const samplerCases = (on: OnTracer): readonly ContractCase[] => [
  samplerGets(on),
  ...decisionCases(on),
  on(
    "adds a sampler's attributes, which win",
    (bench) => {
      const { attributes } = bench.done(() => {}, { attributes: { a: 1, b: 1 } });
      assert.deepEqual(attributes, { a: 1, b: 'sampler', c: 'sampler' });
    },
    {
      sampler: always({
        decision: RECORD_AND_SAMPLED,
        attributes: { b: 'sampler', c: 'sampler' },
      }),
    },
  ),
  on(
    "takes a sampler's trace state, else that of the parent",
    (bench) => {
      const state = createTraceState('own=1');
      const parent = below({ ...REMOTE, traceState: state });
      const span = bench.start({}, parent);
      assert.equal(span.spanContext().traceState, state);
      assert.equal(bench.start().spanContext().traceState, undefined);
    },
    { sampler: always({ decision: RECORD_AND_SAMPLED }) },
  ),
  on(
    'gives a span the trace state of its sampler, sampled or not',
    (bench) => {
      const parent = below({ ...REMOTE, traceState: createTraceState('own=1') });
      const state = bench.start({}, parent).spanContext().traceState;
      assert.equal(state?.serialize(), 'sampler=1');
    },
    { sampler: always({ decision: NOT_RECORD, traceState: createTraceState('sampler=1') }) },
  ),
  on('samples everything below nobody, and follows the parent', (bench) => {
    const of = (context?: SpanContext) => bench.start({}, context && below(context)).isRecording();
    assert.deepEqual([of(), of(REMOTE), of(UNSAMPLED)], [true, true, false]);
    assert.equal(of({ ...UNSAMPLED, isRemote: false }), false);
  }),
  on(
    'asks the samplers that the parent-based one names',
    (bench) => {
      const of = (context: SpanContext) => bench.start({}, below(context)).isRecording();
      assert.deepEqual([of(REMOTE), of(UNSAMPLED)], [false, true]);
      assert.equal(bench.start().isRecording(), false);
    },
    {
      sampler: new ParentBasedSampler({
        root: new AlwaysOffSampler(),
        remoteParentSampled: new AlwaysOffSampler(),
        remoteParentNotSampled: new AlwaysOnSampler(),
      }),
    },
  ),
  on(
    'samples a share of the traces, decided by their IDs',
    (bench) => {
      const low = { ...REMOTE, traceId: `${'0'.repeat(24)}00000001` };
      const high = { ...REMOTE, traceId: `${'0'.repeat(24)}ffffffff` };
      assert.equal(bench.start({}, below(low)).isRecording(), true);
      assert.equal(bench.start({}, below(high)).isRecording(), false);
    },
    { sampler: new TraceIdRatioBasedSampler(0.5) },
  ),
];

const samplerGets = (on: OnTracer): ContractCase => {
  const asked: unknown[][] = [];
  const sampler: Sampler = {
    shouldSample: (...args) => {
      asked.push(args);
      return { decision: RECORD_AND_SAMPLED };
    },
  };
  return on(
    'asks its sampler with all that is known at the start',
    (bench) => {
      asked.length = 0;
      const links = [{ context: REMOTE, attributes: { link: true } }];
      const attributes = { a: 1, no: undefined as never };
      const child = bench.start({ kind: SpanKind.SERVER, attributes, links }, below(REMOTE));
      const [context, traceId, name, kind, given, givenLinks] = asked[0] ?? [];
      assert.equal(trace.getSpanContext(context as never)?.spanId, REMOTE.spanId);
      assert.deepEqual([traceId, name, kind, given], [REMOTE.traceId, 'span', 1, { a: 1 }]);
      const [link] = givenLinks as typeof links;
      assert.deepEqual([link?.context, link?.attributes], [REMOTE, { link: true }]);
      assert.equal(child.spanContext().traceId, REMOTE.traceId);
      const root = bench.start({ root: true }, below(REMOTE));
      const [rootContext, rootId] = asked[1] ?? [];
      assert.equal(trace.getSpan(rootContext as never), undefined);
      assert.equal(rootId, root.spanContext().traceId);
      assert.notEqual(rootId, REMOTE.traceId);
    },
    { sampler },
  );
};

const decisionCases = (on: OnTracer): readonly ContractCase[] =>
  (
    [
      ['NOT_RECORD', NOT_RECORD, false, 0, 0],
      ['RECORD', RECORD, true, 0, 2],
      ['RECORD_AND_SAMPLED', RECORD_AND_SAMPLED, true, SAMPLED, 2],
    ] as const
  ).map(([name, decision, records, flag, calls]) => {
    let called = 0;
    const count = processor({ onStart: () => void called++, onEnd: () => void called++ });
    return on(
      `does as the decision ${name} says`,
      (bench) => {
        called = 0;
        const span = bench.start({}, below(REMOTE));
        assert.equal(span.isRecording(), records);
        const { traceId, spanId, traceFlags } = span.spanContext();
        assert.equal(traceFlags & SAMPLED, flag);
        assert.equal(traceId, REMOTE.traceId);
        assert.match(spanId, /^[0-9a-f]{16}$/);
        assert.notEqual(spanId, REMOTE.spanId);
        assert.equal(span.spanContext(), span.spanContext());
        span.setAttribute('a', 1).addEvent('e').updateName('n').setStatus({ code: 2 });
        span.setAttributes({ b: 1 }).addLink({ context: REMOTE }).addLinks([]);
        span.recordException(new Error('x'));
        span.end();
        assert.equal(called, calls);
        const child = bench.start({}, trace.setSpan(ROOT_CONTEXT, span));
        assert.equal(child.spanContext().traceId, REMOTE.traceId);
      },
      { sampler: always({ decision }), spanProcessors: [count] },
    );
  });
