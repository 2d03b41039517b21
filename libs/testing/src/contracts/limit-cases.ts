import { strict as assert } from 'node:assert';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type { SpanLimits } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';
import { REMOTE } from './tracer-bench.js';
import type { OnTracer, TracerBench } from './tracer-bench.js';

const some = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, at]));

const linked = (count: number) => Array.from({ length: count }, () => ({ context: REMOTE }));

/** [trace SDK, "Span Limits"; common, "Attribute Limits"] */
export const limitCases = (on: OnTracer): readonly ContractCase[] => {
  const limited = (
    name: string,
    spanLimits: SpanLimits,
    run: (bench: TracerBench) => void,
  ): ContractCase => on(name, run, { spanLimits });
  return [
    on('keeps 128 of each unless it is told otherwise', (bench) => {
      const span = bench.done((each) => {
        each.setAttributes(some(130)).addLinks(linked(130));
        for (let at = 0; at < 130; at++) each.addEvent(`event ${at}`, some(130));
        each.addLink({ context: REMOTE, attributes: some(130) });
      });
      assert.equal(Object.keys(span.attributes).length, 128);
      assert.deepEqual([span.events.length, span.links.length], [128, 128]);
      assert.deepEqual(
        [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
        [2, 2, 3],
      );
      assert.equal(span.events[0]?.name, 'event 2');
      assert.equal(Object.keys(span.events[0]?.attributes ?? {}).length, 128);
      assert.equal(span.events[0]?.droppedAttributesCount, 2);
      assert.equal(span.links[127]?.droppedAttributesCount, 2);
    }),
    limited(
      'drops further attributes, and still changes those it has',
      { attributeCountLimit: 2 },
      (bench) => {
        const span = bench.done(
          (each) =>
            each.setAttribute('c', 3).setAttribute('b', 'new').setAttribute('d', Symbol('x')),
          { attributes: { a: 1, b: 2, late: 0 } },
        );
        assert.deepEqual(span.attributes, { a: 1, b: 'new' });
        assert.equal(span.droppedAttributesCount, 3);
      },
    ),
    limited('keeps no attribute', { attributeCountLimit: 0 }, (bench) => {
      const span = bench.done((each) => each.setAttributes({ a: 1, b: 2 }), {
        attributes: { c: 1 },
      });
      assert.deepEqual(span.attributes, {});
      assert.equal(span.droppedAttributesCount, 3);
    }),
    limited(
      'truncates texts and bytes, inside of lists and maps too',
      { attributeValueLengthLimit: 3 },
      (bench) => {
        const deep = { list: ['abcd'], map: { k: 'abcdef' }, bytes: Uint8Array.of(1, 2, 3, 4) };
        const span = bench.done(
          (each) => {
            each.setAttribute('text', 'abcdef').setAttributes(deep);
            each.addEvent('event', { text: 'abcdef' });
            each.addLink({ context: REMOTE, attributes: { text: 'abcdef' } });
          },
          { attributes: { first: 'abcdef' } },
        );
        assert.deepEqual(span.attributes, {
          first: 'abc',
          text: 'abc',
          list: ['abc'],
          map: { k: 'abc' },
          bytes: Uint8Array.of(1, 2, 3),
        });
        assert.deepEqual(span.events[0]?.attributes, { text: 'abc' });
        assert.deepEqual(span.links[0]?.attributes, { text: 'abc' });
      },
    ),
    limited(
      'takes a length that is not positive for none',
      { attributeValueLengthLimit: 0 },
      (bench) => {
        assert.deepEqual(bench.done((each) => each.setAttribute('a', 'abc')).attributes, {
          a: 'abc',
        });
      },
    ),
    limited(
      'keeps the last events and links',
      { eventCountLimit: 2, linkCountLimit: 1 },
      (bench) => {
        const span = bench.done((each) => {
          each.addEvent('first').addEvent('second').addEvent('third');
          each.addLinks([...linked(1), { context: { ...REMOTE, spanId: 'ef'.repeat(8) } }]);
        });
        assert.deepEqual(
          span.events.map(({ name }) => name),
          ['second', 'third'],
        );
        assert.equal(span.links[0]?.context.spanId, 'ef'.repeat(8));
        assert.deepEqual([span.droppedEventsCount, span.droppedLinksCount], [1, 1]);
      },
    ),
    limited('keeps the last links of a start', { linkCountLimit: 1 }, (bench) => {
      const last = { context: { ...REMOTE, spanId: 'ef'.repeat(8) } };
      const span = bench.done(() => {}, { links: [...linked(2), last] });
      assert.deepEqual(
        span.links.map(({ context }) => context.spanId),
        ['ef'.repeat(8)],
      );
      assert.equal(span.droppedLinksCount, 2);
    }),
    limited('keeps no event and no link', { eventCountLimit: 0, linkCountLimit: 0 }, (bench) => {
      const span = bench.done((each) => each.addEvent('a').addLink({ context: REMOTE }));
      assert.deepEqual([span.events, span.links], [[], []]);
      assert.deepEqual([span.droppedEventsCount, span.droppedLinksCount], [1, 1]);
    }),
    limited(
      'limits the attributes of an event and of a link',
      { attributePerEventCountLimit: 1, attributePerLinkCountLimit: 2 },
      (bench) => {
        const span = bench.done((each) => each.addEvent('a', some(3)), {
          links: [{ context: REMOTE, attributes: some(3) }],
        });
        assert.deepEqual(span.events[0]?.attributes, some(1));
        assert.equal(span.events[0]?.droppedAttributesCount, 2);
        assert.deepEqual(span.links[0]?.attributes, some(2));
        assert.equal(span.links[0]?.droppedAttributesCount, 1);
      },
    ),
    on(
      'counts the attributes of a sampler',
      (bench) => {
        const span = bench.done(() => {}, { attributes: { a: 1, b: 2 } });
        assert.deepEqual(span.attributes, { a: 'sampler', b: 2 });
        assert.equal(span.droppedAttributesCount, 1);
      },
      {
        spanLimits: { attributeCountLimit: 2 },
        sampler: {
          shouldSample: () => ({
            decision: SamplingDecision.RECORD_AND_SAMPLED,
            attributes: { a: 'sampler', c: 'sampler' },
          }),
        },
      },
    ),
  ];
};
