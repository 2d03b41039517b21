import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  ValueType,
} from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { exportPoints, exportSpans } from './fixtures/official-exports.js';

describe('spans of the official SDK', () => {
  it('are read with every field', async () => {
    const remote = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
      traceState: createTraceState('vendor=1'),
    };
    const request = await exportSpans((provider) => {
      const tracer = provider.getTracer('lib', '1.2.3', { schemaUrl: 's' });
      const span = tracer.startSpan(
        'checkout',
        {
          kind: SpanKind.CONSUMER,
          startTime: [1_700_000_000, 123_456_789],
          attributes: {
            text: 'grüße 🚲',
            integer: -42,
            unsafe: 2 ** 53 + 2,
            double: 0.1,
            yes: true,
            no: false,
            empty: '',
            list: ['a', 'b'],
            numbers: [1, 2.5, -3],
            __proto__x: 'data',
          },
          links: [{ context: remote, attributes: { link: 1 } }],
        },
        trace.setSpanContext(ROOT_CONTEXT, remote),
      );
      span.addEvent('retry', { attempt: 2 }, [1_700_000_000, 200_000_000]);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' });
      span.end([1_700_000_001, 5]);
    });
    expect(request).toMatchObject({
      signal: 'traces',
      groups: [
        {
          resource: { attributes: { 'service.name': 'shop', 'process.pid': 7 } },
          schemaUrl: 'r',
          scopes: [
            {
              scope: { name: 'lib', version: '1.2.3', attributes: {}, droppedAttributesCount: 0 },
              schemaUrl: 's',
              items: [
                {
                  traceId: remote.traceId,
                  spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
                  parentSpanId: remote.spanId,
                  traceState: 'vendor=1',
                  flags: 0x301,
                  name: 'checkout',
                  kind: 5,
                  startTime: 1_700_000_000_123_456_789n,
                  endTime: 1_700_000_001_000_000_005n,
                  attributes: {
                    text: 'grüße 🚲',
                    integer: -42,
                    unsafe: 2n ** 53n + 2n,
                    double: 0.1,
                    yes: true,
                    no: false,
                    empty: '',
                    list: ['a', 'b'],
                    numbers: [1, 2.5, -3],
                    __proto__x: 'data',
                  },
                  droppedAttributesCount: 0,
                  events: [
                    {
                      time: 1_700_000_000_200_000_000n,
                      name: 'retry',
                      attributes: { attempt: 2 },
                      droppedAttributesCount: 0,
                    },
                  ],
                  droppedEventsCount: 0,
                  links: [
                    {
                      traceId: remote.traceId,
                      spanId: remote.spanId,
                      traceState: 'vendor=1',
                      attributes: { link: 1 },
                      droppedAttributesCount: 0,
                      flags: 0x301,
                    },
                  ],
                  droppedLinksCount: 0,
                  status: { code: 2, message: 'no stock' },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('points of the official SDK', () => {
  it('are read for each kind of metric', async () => {
    const request = await exportPoints(AggregationTemporality.CUMULATIVE, (provider) => {
      const meter = provider.getMeter('shop', '2', { schemaUrl: 's' });
      const options = { description: 'd', unit: 'By' };
      meter.createCounter('sum', { ...options, valueType: ValueType.INT }).add(3, { a: 'x' });
      meter.createUpDownCounter('updown').add(-2.5);
      meter.createGauge('gauge').record(0.25);
      const wide = meter.createHistogram('wide');
      for (const value of [0.5, 1, 2, 100]) wide.record(value);
      const exponential = meter.createHistogram('exponential');
      for (const value of [0, 1, 4]) exponential.record(value);
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    const byName = Object.fromEntries(items.map((metric) => [metric.name, metric]));
    const point = {
      startTime: expect.any(BigInt),
      time: expect.any(BigInt),
      flags: 0,
      exemplars: [],
    };
    expect(byName['sum']).toEqual({
      name: 'sum',
      description: 'd',
      unit: 'By',
      metadata: {},
      data: {
        kind: 'sum',
        temporality: 2,
        monotonic: true,
        points: [{ ...point, attributes: { a: 'x' }, value: 3 }],
      },
    });
    expect(byName['updown']?.data).toMatchObject({
      kind: 'sum',
      monotonic: false,
      points: [{ value: -2.5 }],
    });
    expect(byName['gauge']?.data).toMatchObject({ kind: 'gauge', points: [{ value: 0.25 }] });
    expect(byName['wide']?.data).toEqual({
      kind: 'histogram',
      temporality: 2,
      points: [
        {
          ...point,
          attributes: {},
          count: 4n,
          sum: 103.5,
          min: 0.5,
          max: 100,
          bucketCounts: [2n, 1n, 0n, 1n],
          explicitBounds: [1, 2.5, 10],
        },
      ],
    });
    expect(byName['exponential']?.data).toMatchObject({
      kind: 'exponentialHistogram',
      temporality: 2,
      points: [
        { count: 3n, sum: 5, min: 0, max: 4, zeroCount: 1n, negative: { bucketCounts: [] } },
      ],
    });
  });
});
