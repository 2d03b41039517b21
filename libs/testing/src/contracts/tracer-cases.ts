import { strict as assert } from 'node:assert';
import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';
import { REMOTE, below } from './tracer-bench.js';
import type { OnTracer } from './tracer-bench.js';

const readable = (span: Span): ReadableSpan => span as unknown as ReadableSpan;

/** Tracers and what a span takes from its parent. [trace API, "Tracer"; trace SDK, "Span Creation"] */
export const tracerCases = (on: OnTracer): readonly ContractCase[] => [
  on('has one tracer for each scope', ({ provider }) => {
    assert.equal(provider.getTracer('a'), provider.getTracer('a'));
    assert.notEqual(provider.getTracer('a'), provider.getTracer('b'));
    assert.notEqual(provider.getTracer('a'), provider.getTracer('a', '1'));
    assert.notEqual(
      provider.getTracer('a', '1'),
      provider.getTracer('a', '1', { schemaUrl: 'https://s' }),
    );
    const span = provider.getTracer('a', '1', { schemaUrl: 'https://s' }).startSpan('x');
    const { name, version, schemaUrl } = readable(span).instrumentationScope;
    assert.deepEqual([name, version, schemaUrl], ['a', '1', 'https://s']);
  }),
  on('starts a span with its name and kind, and the kind INTERNAL by itself', (bench) => {
    assert.deepEqual([bench.done().name, bench.last().kind], ['span', SpanKind.INTERNAL]);
    assert.equal(bench.done(() => {}, { kind: SpanKind.CLIENT }).kind, SpanKind.CLIENT);
  }),
  on(
    'gives its spans the resource',
    (bench) => assert.equal(bench.done().resource.attributes['service.name'], 'contract'),
    { resource: resourceFromAttributes({ 'service.name': 'contract' }) },
  ),
  on('starts a trace below nobody', (bench) => {
    const [one, other] = [bench.start(), bench.start()].map((span) => span.spanContext());
    assert.match(one?.traceId ?? '', /^(?!0{32})[0-9a-f]{32}$/);
    assert.match(one?.spanId ?? '', /^(?!0{16})[0-9a-f]{16}$/);
    assert.notEqual(one?.traceId, other?.traceId);
    assert.equal(readable(bench.start()).parentSpanContext, undefined);
  }),
  on('continues the trace of the parent, remote or not', (bench) => {
    for (const parent of [below(REMOTE), trace.setSpan(ROOT_CONTEXT, bench.start())]) {
      const above = trace.getSpanContext(parent);
      const span = bench.start({}, parent);
      assert.equal(span.spanContext().traceId, above?.traceId);
      assert.notEqual(span.spanContext().spanId, above?.spanId);
      assert.deepEqual(readable(span).parentSpanContext, above);
    }
  }),
  on('starts a trace where it is told to, or where the parent is invalid', (bench) => {
    const { root } = { root: bench.start({ root: true }, below(REMOTE)) };
    const invalid = bench.start({}, below({ ...REMOTE, traceId: '0'.repeat(32) }));
    for (const span of [root, invalid]) {
      assert.equal(readable(span).parentSpanContext, undefined);
      assert.match(span.spanContext().traceId, /^(?!0{32}|(ab){16})[0-9a-f]{32}$/);
    }
  }),
  on(
    'takes IDs from the generator that it is given',
    (bench) => {
      const span = bench.start();
      assert.deepEqual(
        [span.spanContext().traceId, span.spanContext().spanId],
        ['1'.repeat(32), '2'.repeat(16)],
      );
      const child = bench.start({}, trace.setSpan(ROOT_CONTEXT, span));
      assert.equal(child.spanContext().traceId, '1'.repeat(32));
    },
    {
      idGenerator: { generateTraceId: () => '1'.repeat(32), generateSpanId: () => '2'.repeat(16) },
    },
  ),
  on(
    'asks the generator for the IDs of a span that is not recorded',
    (bench) => {
      const { traceId, spanId } = bench.start().spanContext();
      assert.deepEqual([traceId, spanId], ['1'.repeat(32), '2'.repeat(16)]);
    },
    {
      sampler: new AlwaysOffSampler(),
      idGenerator: { generateTraceId: () => '1'.repeat(32), generateSpanId: () => '2'.repeat(16) },
    },
  ),
  on('records nothing where tracing is suppressed', (bench) => {
    const span = bench.start({}, suppressTracing(below(REMOTE)));
    assert.deepEqual([span.isRecording(), span.spanContext().traceId], [false, '0'.repeat(32)]);
  }),
  ...activeCases(on),
];

const activeCases = (on: OnTracer): readonly ContractCase[] => {
  const within = (name: string, run: Parameters<OnTracer>[1]): ContractCase =>
    on(name, async (bench) => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      try {
        await run(bench);
      } finally {
        context.disable();
      }
    });
  return [
    within('starts below the span that is active', (bench) => {
      const span = context.with(below(REMOTE), () => bench.tracer.startSpan('x'));
      assert.equal(readable(span).parentSpanContext?.spanId, REMOTE.spanId);
    }),
    within(
      'runs a function in the context of a new span, in each form of the call',
      ({ tracer }) => {
        const run = (span: Span) => [trace.getActiveSpan() === span, readable(span)] as const;
        const [two, first] = tracer.startActiveSpan('two', run);
        const [three, second] = tracer.startActiveSpan('three', { kind: 3 }, run);
        const [four, third] = tracer.startActiveSpan(
          'four',
          { attributes: { a: 1 } },
          below(REMOTE),
          run,
        );
        assert.deepEqual([two, three, four], [true, true, true]);
        assert.deepEqual([first.name, second.kind, third.attributes], ['two', 3, { a: 1 }]);
        assert.equal(third.parentSpanContext?.spanId, REMOTE.spanId);
        assert.equal(first.ended, false);
        assert.equal(trace.getActiveSpan(), undefined);
      },
    ),
    within('gives an error of that function to the caller', ({ tracer }) => {
      assert.throws(
        () =>
          tracer.startActiveSpan('x', () => {
            throw new RangeError('out');
          }),
        RangeError,
      );
    }),
  ];
};
