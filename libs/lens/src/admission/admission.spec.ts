import type { HistogramPoint, Metric, Span } from '@nestlens/otlp/wire';
import {
  attributes,
  logRecord,
  metric,
  numberPoint,
  span,
  START,
  sum,
} from '../fixtures/samples.js';
import { Admission } from './admission.js';
import type { Admitted } from './gate.js';
import { defaultAdmissionLimits } from './limits.js';
import { RequestCounts } from './request-counts.js';

const admission = new Admission(defaultAdmissionLimits);
function outcome(admitted: Admitted) {
  return typeof admitted === 'number' ? 'in' : admitted.code;
}
function ofSpan(values: Partial<Span>) {
  return outcome(admission.span(span(values)));
}
function ofPoint(one: Metric) {
  const [point = numberPoint()] = one.data.points;
  return outcome(admission.point(one, point));
}

describe('admission of spans', () => {
  it.each<[string, Partial<Span>]>([
    ['a root', {}],
    ['a child', { parentSpanId: '00000000000000aa' }],
    ['a root by the zero id', { parentSpanId: '0'.repeat(16) }],
    ['no duration', { endTime: START }],
    ['markup and control characters', { name: '<img onerror=1>\u001b[31m\u202e' }],
    ['a name at its limit', { name: 'x'.repeat(1_024) }],
    ['an unknown kind and status', { kind: 99, status: { code: 7, message: '' } }],
  ])('accepts %s', (_case, values) => {
    expect(ofSpan(values)).toBe('in');
  });

  it.each<[string, string, Partial<Span>]>([
    ['a trace id of 15 bytes', 'trace_id', { traceId: 'a'.repeat(30) }],
    ['a trace id of 17 bytes', 'trace_id', { traceId: 'a'.repeat(34) }],
    ['no trace id', 'trace_id', { traceId: '' }],
    ['a zero trace id', 'trace_id', { traceId: '0'.repeat(32) }],
    ['a span id of 7 bytes', 'span_id', { spanId: 'a'.repeat(14) }],
    ['a zero span id', 'span_id', { spanId: '0'.repeat(16) }],
    ['a parent of 4 bytes', 'parent_span_id', { parentSpanId: 'abcdabcd' }],
    ['an end before the start', 'time_order', { endTime: START - 1n }],
    ['time 0', 'time', { startTime: 0n }],
    ['time 2^64-1', 'time', { endTime: 2n ** 64n - 1n }],
    ['a name of 1,025 characters', 'name_length', { name: 'x'.repeat(1_025) }],
    ['a value of 1 MB', 'size', { attributes: attributes({ a: 'x'.repeat(1_000_000) }) }],
    ['a key of 1 MB', 'size', { attributes: attributes({ ['k'.repeat(1_000_000)]: 1 }) }],
    ['a status message of 1 MB', 'size', { status: { code: 2, message: 'x'.repeat(1_000_000) } }],
  ])('rejects %s', (_case, code, values) => {
    expect(ofSpan(values)).toBe(code);
  });

  it('rejects too many attributes, on the span and on its events', () => {
    const many = attributes(
      Object.fromEntries(Array.from({ length: 1_025 }, (_, i) => [`k${i}`, i])),
    );
    expect(ofSpan({ attributes: many })).toBe('attributes');
    const event = { time: START, name: 'e', attributes: many, droppedAttributesCount: 0 };
    expect(ofSpan({ events: [event] })).toBe('attributes');
  });

  it('rejects values that are nested too deep', () => {
    function nested(depth: number) {
      let value: Span['attributes'] = attributes({ leaf: 1 });
      for (let i = 1; i < depth; i += 1) value = attributes({ v: value });
      return attributes({ a: value });
    }
    expect(ofSpan({ attributes: nested(32) })).toBe('in');
    expect(ofSpan({ attributes: nested(33) })).toBe('depth');
  });

  it('counts two bytes a character for text that is not Latin', () => {
    function weigh(text: string) {
      return admission.span(span({ attributes: attributes({ a: text }) }));
    }
    const extra = Number(weigh('中'.repeat(1_000))) - Number(weigh('x'.repeat(1_000)));
    expect(extra).toBe(1_000);
  });
});

describe('admission of log records', () => {
  const trace = 'a'.repeat(32);
  const id = 'b'.repeat(16);
  it.each([
    ['in', {}],
    ['in', { traceId: trace, spanId: id }],
    ['in', { traceId: trace }],
    ['in', { time: 0n, observedTime: 0n }],
    ['log_ids', { traceId: 'abc' }],
    ['log_ids', { traceId: trace, spanId: 'abc' }],
    ['log_span_only', { spanId: id }],
    ['time', { time: 2n ** 64n - 1n }],
    ['size', { body: 'x'.repeat(1_000_000) }],
  ])('%s: %o', (code, values) => {
    expect(outcome(admission.logRecord(logRecord(values)))).toBe(code);
  });
});

describe('admission of metric points', () => {
  function histogram(values: Partial<HistogramPoint>): Metric {
    const base = { ...numberPoint(), count: 3n, sum: 6, min: 1, max: 3 };
    const point = { ...base, bucketCounts: [1n, 2n], explicitBounds: [2], ...values };
    return metric({ kind: 'histogram', points: [point], temporality: 1 });
  }

  it('accepts numbers, infinities, and NaN if the series ended', () => {
    expect(ofPoint(sum(numberPoint()))).toBe('in');
    expect(ofPoint(sum(numberPoint({ value: 2n ** 62n })))).toBe('in');
    expect(ofPoint(sum(numberPoint({ value: Number.POSITIVE_INFINITY })))).toBe('in');
    expect(ofPoint(sum(numberPoint({ value: Number.NaN, flags: 1 })))).toBe('in');
    expect(ofPoint(histogram({}))).toBe('in');
    expect(ofPoint(histogram({ bucketCounts: [], explicitBounds: [] }))).toBe('in');
  });

  it('rejects points that violate the data model', () => {
    expect(ofPoint(sum(numberPoint({ value: Number.NaN })))).toBe('value');
    expect(ofPoint(sum(numberPoint({ time: 0n })))).toBe('time');
    expect(ofPoint(sum(numberPoint({ startTime: START + 10n ** 12n })))).toBe('time_order');
    expect(ofPoint({ ...sum(numberPoint()), name: '' })).toBe('no_name');
    expect(ofPoint(histogram({ bucketCounts: [1n, 1n, 1n] }))).toBe('buckets');
    expect(ofPoint(histogram({ bucketCounts: [1n, 1n] }))).toBe('buckets');
    const falling = { explicitBounds: [2, 1], bucketCounts: [1n, 1n, 1n] };
    expect(ofPoint(histogram(falling))).toBe('buckets');
    const unspecified = {
      kind: 'sum',
      points: [numberPoint()],
      temporality: 0,
      monotonic: true,
    } as const;
    expect(ofPoint(metric(unspecified))).toBe('temporality');
  });
});

describe('the reply of a request', () => {
  it('is accepted without reasons, and partial with the first three', () => {
    const requestCounts = new RequestCounts();
    requestCounts.receive(10);
    expect(requestCounts.reply()).toEqual({ kind: 'accepted' });
    const { traceId, spanId, time, size } = admission.refusals;
    for (const refusal of [traceId, traceId, spanId, time, size]) requestCounts.reject(refusal);
    expect(requestCounts.reply()).toEqual({
      kind: 'partial',
      rejected: 5,
      message:
        '5 of 10 left out: trace id must be 16 bytes and not zero (2); span id must be 8 bytes and not zero (1); ' +
        'time must be above 0 and below 2^63 ns (1); 1 more reasons',
    });
  });
});
