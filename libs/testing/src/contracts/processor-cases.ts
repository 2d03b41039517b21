import { strict as assert } from 'node:assert';
import { ROOT_CONTEXT, createContextKey } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';
import { REMOTE, below, processor } from './tracer-bench.js';
import type { OnTracer } from './tracer-bench.js';

const own = (span: ReadableSpan): Attributes => span.attributes;

/** What span processors see and can do; among them what processors of others do to the SDK's spans. */
export const processorCases = (on: OnTracer): readonly ContractCase[] => [
  orderCase(on),
  on(
    'lets them set attributes at the start and before the end, not after',
    (bench) => {
      assert.deepEqual(bench.done(() => {}, { attributes: { given: 1 } }).attributes, {
        given: 1,
        seen: true,
        started: true,
        ending: true,
      });
    },
    {
      spanProcessors: [
        processor({
          onStart: (span) => {
            span.setAttribute('seen', span.attributes['given'] === 1).setAttribute('started', true);
          },
          onEnding: (span) => void span.setAttribute('ending', true),
          onEnd: (span) =>
            void (span as never as { setAttribute(k: string, v: number): unknown }).setAttribute(
              'late',
              1,
            ),
        }),
      ],
    },
  ),
  on(
    'shows the next one what one has changed in the objects of a span',
    (bench) => {
      const span = bench.done(
        (each) => each.setAttribute('password', 'x').setAttribute('url', 'secret').addEvent('e'),
        { attributes: { kept: 1 } },
      );
      assert.deepEqual(span.attributes, { kept: 1, added: true, url: 'redacted', late: 1 });
      assert.deepEqual(span.events, []);
      assert.equal(span.name, 'changed');
      assert.equal(span.spanContext().traceFlags & 1, 0);
    },
    {
      spanProcessors: [
        processor({
          onStart: (span) => void (own(span)['added'] = true),
          onEnd: (span) => {
            delete own(span)['password'];
            own(span)['url'] = 'redacted';
            own(span)['late'] = 1;
            span.events.length = 0;
            (span as { name: string }).name = 'changed';
            // The known way to keep a span from being exported.
            span.spanContext().traceFlags &= ~1;
          },
        }),
      ],
    },
  ),
  on(
    'takes fields that one has replaced at the start, and adds to them',
    (bench) => {
      const span = bench.done((each) => each.setAttribute('a', 1).addEvent('event'), {
        attributes: { gone: 1 },
      });
      assert.deepEqual(span.attributes, { replaced: true, a: 1 });
      assert.deepEqual(
        span.events.map(({ name }) => name),
        ['event'],
      );
    },
    {
      spanProcessors: [
        processor({
          onStart: (span) => {
            Object.assign(span, { attributes: { replaced: true }, events: [], links: [] });
          },
        }),
      ],
    },
  ),
  on(
    'takes fields that one has replaced',
    (bench) => {
      const { attributes, endTime } = bench.done((each) => each.setAttribute('a', 1));
      assert.deepEqual([attributes, endTime], [{ replaced: true }, [1, 2]]);
    },
    {
      spanProcessors: [
        processor({
          onEnd: (span) => {
            Object.assign(span, { attributes: { replaced: true }, endTime: [1, 2] });
          },
        }),
      ],
    },
  ),
  copyCase(on),
  ...lifeCases(on),
];

const orderCase = (on: OnTracer): ContractCase => {
  const key = createContextKey('contract');
  const calls: string[] = [];
  const named = (name: string): SpanProcessor =>
    processor({
      onStart: (span, context) => {
        calls.push(`${name} start ${span.name} ${String(context.getValue(key))}`);
      },
      onEnding: (span) => void calls.push(`${name} ending ${String(span.isRecording())}`),
      onEnd: (span) => void calls.push(`${name} end ${String(span.ended)}`),
    });
  return on(
    'calls them in their order: at the start, before the end, at the end',
    (bench) => {
      calls.length = 0;
      bench.start({}, ROOT_CONTEXT.setValue(key, 'value')).end();
      assert.deepEqual(calls, [
        'a start span value',
        'b start span value',
        'a ending true',
        'b ending true',
        'a end true',
        'b end true',
      ]);
    },
    { spanProcessors: [named('a'), named('b')] },
  );
};

/** Exporters make an object of their own of a span: by spread, by inheritance, or as a proxy. */
const copyCase = (on: OnTracer): ContractCase =>
  on('gives them a span that can be copied and stood for', (bench) => {
    const span = bench.start({ attributes: { a: 1 }, startTime: [1, 0] }, below(REMOTE));
    span.addEvent('event').addLink({ context: REMOTE });
    span.end([2, 0]);
    const ended = bench.last();
    const attributes = { redacted: true };
    const copy = { ...ended, attributes };
    const heir = Object.create(ended, { attributes: { value: attributes } }) as ReadableSpan;
    const proxy = new Proxy(ended, {
      get: (target, name, receiver) =>
        name === 'attributes' ? attributes : (Reflect.get(target, name, receiver) as unknown),
    });
    for (const each of [copy, heir, proxy]) {
      assert.deepEqual(each.attributes, attributes);
      assert.deepEqual([each.name, each.startTime, each.endTime], ['span', [1, 0], [2, 0]]);
      assert.deepEqual([each.events.length, each.links.length], [1, 1]);
      assert.equal(each.parentSpanContext?.spanId, REMOTE.spanId);
    }
    for (const each of [heir, proxy]) {
      assert.equal(each.spanContext().traceId, REMOTE.traceId);
      assert.deepEqual([each.duration, each.ended, each.droppedEventsCount], [[1, 0], true, 0]);
    }
    assert.deepEqual(ended.attributes, { a: 1 });
  });

const lifeCases = (on: OnTracer): readonly ContractCase[] => {
  const calls: string[] = [];
  const failing = (): Promise<void> => Promise.reject(new Error('no'));
  const counted = (name: string, given: Partial<SpanProcessor> = {}): SpanProcessor =>
    processor({
      forceFlush: async () => void calls.push(`${name} flush`),
      shutdown: async () => void calls.push(`${name} shutdown`),
      ...given,
    });
  return [
    on(
      'flushes and shuts down all of them',
      async (bench) => {
        calls.length = 0;
        await bench.provider.forceFlush();
        await bench.provider.shutdown();
        assert.deepEqual(calls, ['a flush', 'b flush', 'a shutdown', 'b shutdown']);
      },
      { spanProcessors: [counted('a'), counted('b')] },
    ),
    on(
      'rejects a flush that one of them rejects, after all have flushed',
      async (bench) => {
        calls.length = 0;
        await assert.rejects(bench.provider.forceFlush());
        assert.deepEqual(calls, ['b flush']);
      },
      { spanProcessors: [counted('a', { forceFlush: failing }), counted('b')] },
    ),
    on(
      'rejects a flush that one of them does not finish in time',
      (bench) => assert.rejects(bench.provider.forceFlush({ timeoutMillis: 1 })),
      { spanProcessors: [processor({ forceFlush: () => new Promise(() => {}) })] },
    ),
    on(
      'rejects a shutdown that one of them rejects',
      (bench) => assert.rejects(bench.provider.shutdown()),
      { spanProcessors: [processor({ shutdown: failing })] },
    ),
  ];
};
