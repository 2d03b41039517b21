import { strict as assert } from 'node:assert';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, HrTime, Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { ContractCase } from './contract.js';
import { REMOTE } from './tracer-bench.js';
import type { OnTracer } from './tracer-bench.js';

const { OK, ERROR, UNSET } = SpanStatusCode;

const circular: unknown[] = [];
circular.push(circular);
/** Nothing of these is an attribute's value. */
const NO_VALUES: readonly unknown[] = [
  () => 'function',
  Symbol('symbol'),
  5n,
  new Date(0),
  new Map(),
  circular,
  [1, Symbol('inner')],
];

const readable = (span: Span): ReadableSpan => span as unknown as ReadableSpan;

/** What the API of a span does. [trace API, "Span"] */
export const spanCases = (on: OnTracer): readonly ContractCase[] => [
  ...attributeCases(on),
  ...eventCases(on),
  ...statusCases(on),
  ...endCases(on),
];

const attributeCases = (on: OnTracer): readonly ContractCase[] => [
  on('sets attributes of all types, the last write of a key wins', (bench) => {
    const { attributes } = bench.done((span) => {
      assert.equal(span.setAttribute('a', 1), span);
      assert.equal(span.setAttributes({ b: 'x', c: true, d: 0.5 }), span);
      span.setAttribute('a', 'again').setAttribute('none', null);
      span.setAttribute('list', ['x', 'y']).setAttribute('map', { k: [1, { deep: true }] });
      span.setAttribute('bytes', Uint8Array.of(1, 2));
    });
    assert.deepEqual(attributes, {
      a: 'again',
      b: 'x',
      c: true,
      d: 0.5,
      none: null,
      list: ['x', 'y'],
      map: { k: [1, { deep: true }] },
      bytes: Uint8Array.of(1, 2),
    });
    assert.deepEqual(Object.keys(attributes).slice(0, 4), ['a', 'b', 'c', 'd']);
  }),
  on('copies values, so that later changes do not count', (bench) => {
    const list = ['x'];
    const map = { inner: ['y'] };
    const { attributes } = bench.done((span) => {
      span.setAttributes({ list, map });
      list.push('later');
      map.inner.push('later');
    });
    assert.deepEqual(attributes, { list: ['x'], map: { inner: ['y'] } });
  }),
  on('ignores undefined, keys without a character, and values that are none', (bench) => {
    const span = bench.done((each) => {
      each.setAttribute('undefined', undefined).setAttribute('', 1);
      for (const value of NO_VALUES) each.setAttribute('key', value);
      each.setAttribute('kept', 1);
      for (const value of NO_VALUES) each.setAttribute('kept', value);
    });
    assert.deepEqual(span.attributes, { kept: 1 });
    assert.equal(span.droppedAttributesCount, 0);
  }),
  on('takes attributes at the start, and counts those that are none', (bench) => {
    const given = { a: 1, '': 2, odd: Symbol('s'), no: undefined, list: [1] };
    const attributes = given as unknown as Attributes;
    const span = bench.done(
      (each) => {
        given.list.push(2);
        each.setAttribute('b', 2);
      },
      { attributes },
    );
    assert.deepEqual(span.attributes, { a: 1, list: [1], b: 2 });
    assert.equal(span.droppedAttributesCount, 2);
  }),
  on('keeps many attributes apart', (bench) => {
    const span = bench.done((each) => {
      for (let round = 0; round < 2; round++) {
        for (let at = 0; at < 100; at++) each.setAttribute(`key ${at}`, at + round);
      }
    });
    const expected = Object.fromEntries(
      Array.from({ length: 100 }, (_, at) => [`key ${at}`, at + 1]),
    );
    assert.deepEqual(span.attributes, expected);
  }),
];

const eventCases = (on: OnTracer): readonly ContractCase[] => [
  on('adds events, with attributes and times', (bench) => {
    const at: HrTime = [1_700_000_000, 5];
    const { events } = bench.done((span) => {
      assert.equal(span.addEvent('bare'), span);
      span.addEvent('attributes', { a: 1, map: { no: 1 } as never });
      span.addEvent('time', at);
      span.addEvent('both', { b: [true] }, new Date(1_700_000_000_250));
      span.addEvent('number', 1_700_000_001_000);
    });
    assert.deepEqual(
      events.map(({ name, attributes }) => [name, { ...attributes }]),
      [
        ['bare', {}],
        ['attributes', { a: 1 }],
        ['time', {}],
        ['both', { b: [true] }],
        ['number', {}],
      ],
    );
    assert.deepEqual(
      events.slice(2).map(({ time }) => time),
      [at, [1_700_000_000, 250_000_000], [1_700_000_001, 0]],
    );
    assert.equal(events[1]?.droppedAttributesCount, 1);
  }),
  on('takes links at the start and later', (bench) => {
    const other = { ...REMOTE, spanId: 'ef'.repeat(8) };
    const { links } = bench.done(
      (span) => {
        assert.equal(span.addLink({ context: other, attributes: { later: true } }), span);
        assert.equal(span.addLinks([{ context: REMOTE }]), span);
      },
      { links: [{ context: REMOTE, attributes: { a: 1, '': 2 } }] },
    );
    assert.deepEqual(
      links.map(({ context, attributes }) => [context, { ...attributes }]),
      [
        [REMOTE, { a: 1 }],
        [other, { later: true }],
        [REMOTE, {}],
      ],
    );
    assert.equal(links[0]?.droppedAttributesCount, 1);
  }),
  on('records an exception as an event, at its time', (bench) => {
    const error = new TypeError('bad');
    const { events, status } = bench.done((span) => {
      span.recordException(error, [1_700_000_000, 1]);
      span.recordException('a text');
    });
    const [first, second] = events;
    assert.equal(first?.name, 'exception');
    assert.deepEqual(first?.time, [1_700_000_000, 1]);
    assert.deepEqual(first?.attributes, {
      'exception.type': 'TypeError',
      'exception.message': 'bad',
      'exception.stacktrace': error.stack,
    });
    assert.equal(second?.attributes?.['exception.message'], 'a text');
    assert.equal(status.code, UNSET);
  }),
];

const statusCases = (on: OnTracer): readonly ContractCase[] => [
  on('has no status at first', (bench) => {
    assert.deepEqual(bench.done().status, { code: UNSET });
  }),
  on('takes a message for an error only', (bench) => {
    const of = (code: SpanStatusCode) =>
      bench.done((span) => span.setStatus({ code, message: 'm' }));
    assert.deepEqual(of(ERROR).status, { code: ERROR, message: 'm' });
    assert.deepEqual(of(OK).status, { code: OK });
    assert.deepEqual(of(UNSET).status, { code: UNSET });
  }),
  on('drops a message that is no text', (bench) => {
    const { status } = bench.done((span) =>
      span.setStatus({ code: ERROR, message: new Error('no text') as never }),
    );
    assert.deepEqual(status, { code: ERROR });
  }),
  on('goes from error to ok, never back from ok, and never to unset', (bench) => {
    const after = (...codes: readonly SpanStatusCode[]) =>
      bench.done((span) => codes.forEach((code) => span.setStatus({ code }))).status.code;
    assert.deepEqual(
      [after(ERROR, OK), after(OK, ERROR), after(ERROR, UNSET), after(OK, UNSET)],
      [OK, OK, ERROR, OK],
    );
    const { status } = bench.done((span) => {
      span.setStatus({ code: ERROR, message: 'first' }).setStatus({ code: ERROR, message: 'last' });
    });
    assert.deepEqual(status, { code: ERROR, message: 'last' });
  }),
];

const endCases = (on: OnTracer): readonly ContractCase[] => [
  on('records until it ends, and nothing after', (bench) => {
    const span = bench.start({ kind: SpanKind.SERVER });
    const before = readable(span);
    assert.deepEqual([span.isRecording(), before.ended, before.endTime], [true, false, [0, 0]]);
    assert.equal(before.duration[0], -1);
    assert.equal(span.updateName('renamed'), span);
    span.end();
    assert.deepEqual([span.isRecording(), before.ended, before.kind], [false, true, 1]);
    span.setAttribute('a', 1).setAttributes({ b: 1 }).addEvent('c').updateName('d');
    span
      .addLink({ context: REMOTE })
      .addLinks([{ context: REMOTE }])
      .setStatus({ code: ERROR });
    span.recordException(new Error('late'));
    const { name, attributes, events, links, status } = bench.last();
    assert.deepEqual([name, attributes, events, links], ['renamed', {}, [], []]);
    assert.deepEqual(status, { code: UNSET });
  }),
  on('ends once', (bench) => {
    const span = bench.start({ startTime: [1_700_000_000, 0] });
    span.end([1_700_000_001, 0]);
    span.end([1_700_000_009, 0]);
    assert.equal(bench.ended.length, 1);
    assert.deepEqual(bench.last().endTime, [1_700_000_001, 0]);
  }),
];
