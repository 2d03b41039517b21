import { isDeepStrictEqual } from 'node:util';
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  ValueType,
} from '@opentelemetry/api';
import type { AnyValue as ApiValue, Attributes } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { decodeExportRequest } from './export-request.js';
import type { ExportRequestOf } from './export-request.js';
import { decodeExportRequestJson } from './json-export-request.js';
import type { ExportRequest, Signal } from './model.js';

const resource = resourceFromAttributes(
  { 'service.name': 'shop', 'process.pid': 7 },
  { schemaUrl: 'r' },
);

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

function itemsOf(request: ExportRequest): unknown[] {
  return request.groups.flatMap((group) => group.scopes.flatMap<unknown>((scope) => scope.items));
}

/** What the two official serializers make of `items`, read back; they must agree. */
function readBoth<S extends Signal, I>(
  signal: S,
  items: I,
  protobuf: ISerializer<I, unknown>,
  json: ISerializer<I, unknown>,
): ExportRequestOf<S> {
  const request = decodeExportRequest(signal, protobuf.serializeRequest(items) ?? new Uint8Array());
  const other = decodeExportRequestJson(signal, text(json.serializeRequest(items)));
  if (!isDeepStrictEqual(other, request)) {
    // Only the first that differs: the whole is megabytes.
    const expected = itemsOf(request);
    const index = itemsOf(other).findIndex((item, at) => !isDeepStrictEqual(item, expected[at]));
    expect(itemsOf(other)[index]).toEqual(expected[index]);
  }
  expect(isDeepStrictEqual(other, request)).toBe(true);
  return request;
}

async function exportSpans(record: (provider: TracerProvider) => void) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    spanLimits: { eventCountLimit: 4, linkCountLimit: 4, attributeCountLimit: 24 },
  });
  record(provider);
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  return readBoth('traces', spans, ProtobufTraceSerializer, JsonTraceSerializer);
}

async function exportRecords(record: (provider: LoggerProvider) => void) {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  record(provider);
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();
  return readBoth('logs', records, ProtobufLogsSerializer, JsonLogsSerializer);
}

async function exportPoints(
  temporality: AggregationTemporality,
  record: (provider: MeterProvider) => void,
) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [
      {
        instrumentName: 'exp*',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
      {
        instrumentName: 'wide',
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: [1, 2.5, 10] },
        },
      },
    ],
  });
  record(provider);
  await provider.forceFlush();
  const collected = exporter.getMetrics().at(0)!;
  await provider.shutdown();
  return readBoth('metrics', collected, ProtobufMetricsSerializer, JsonMetricsSerializer);
}

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

  it('are read the same from protobuf and JSON, 3000 random ones', async () => {
    const random = new Random(20);
    const request = await exportSpans((provider) => {
      for (let index = 0; index < 3000; index++) {
        const tracer = provider.getTracer(random.pick(['a', 'b', 'c']));
        const span = tracer.startSpan(random.text(), {
          kind: random.int(5),
          root: random.chance(0.5),
          attributes: random.attributes(30),
          links: random.list(() => ({
            context: { traceId: random.hex(16), spanId: random.hex(8), traceFlags: random.int(2) },
            attributes: random.attributes(),
          })),
        });
        for (const name of random.list(() => random.text()))
          span.addEvent(name, random.attributes());
        span.setStatus({ code: random.int(3), message: random.text() });
        span.end();
      }
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    expect(items).toHaveLength(3000);
    expect(items.some((span) => span.droppedEventsCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedLinksCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedAttributesCount > 0)).toBe(true);
  });
});

describe('log records of the official SDK', () => {
  it('are read with every field', async () => {
    const spanContext = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
    };
    const body = {
      text: 'x',
      nested: { list: [1, 'two', null, { deep: true }] },
      bytes: Buffer.from([0, 255]),
    };
    const request = await exportRecords((provider) => {
      provider.getLogger('app', '1').emit({
        timestamp: [1_700_000_000, 1],
        observedTimestamp: [1_700_000_000, 2],
        severityNumber: 17,
        severityText: 'ERROR',
        eventName: 'order.failed',
        body,
        attributes: { map: { a: { b: 1.5 } }, bytes: Buffer.from('hi') },
        context: trace.setSpanContext(ROOT_CONTEXT, spanContext),
      });
    });
    const [record] = request.groups.flatMap((group) =>
      group.scopes.flatMap((scope) => scope.items),
    );
    expect(record).toEqual({
      time: 1_700_000_000_000_000_001n,
      observedTime: 1_700_000_000_000_000_002n,
      severityNumber: 17,
      severityText: 'ERROR',
      eventName: 'order.failed',
      body: { ...body, bytes: Uint8Array.from([0, 255]) },
      attributes: { map: { a: { b: 1.5 } }, bytes: Uint8Array.from([104, 105]) },
      droppedAttributesCount: 0,
      flags: 1,
      traceId: spanContext.traceId,
      spanId: spanContext.spanId,
    });
  });

  it('are read the same from protobuf and JSON, 3000 random ones', async () => {
    const random = new Random(21);
    const request = await exportRecords((provider) => {
      for (let index = 0; index < 3000; index++) {
        provider.getLogger(random.pick(['a', 'b'])).emit({
          severityNumber: random.int(25),
          severityText: random.text(),
          eventName: random.text(),
          body: random.value(4),
          attributes: { nested: random.value(4), ...random.attributes() },
        });
      }
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    expect(items).toHaveLength(3000);
  });
});

describe('points of the official SDK', () => {
  it('are read with every kind of data', async () => {
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

  it('are read the same from protobuf and JSON, 2000 random ones', async () => {
    const random = new Random(22);
    const request = await exportPoints(AggregationTemporality.DELTA, (provider) => {
      for (let index = 0; index < 2000; index++) {
        const meter = provider.getMeter(random.pick(['a', 'b', 'c']));
        const attributes: Attributes = { route: `/${index}`, ...random.attributes() };
        const value = random.pick([0, 1, 2 ** 40, 0.1, 1e-9, 1e9]);
        random.pick([
          () => meter.createCounter('sum').add(value, attributes),
          () => meter.createUpDownCounter('updown').add(0 - value, attributes),
          () => meter.createGauge('gauge').record(0 - value, attributes),
          () => meter.createHistogram('wide').record(value, attributes),
          () => meter.createHistogram('exponential').record(value, attributes),
        ])();
      }
    });
    const items = request.groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));
    const points = items.flatMap((metric) => metric.data.points.length);
    expect(points.reduce((sum, count) => sum + count, 0)).toBe(2000);
  });
});

/** mulberry32, so that a failure comes back. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  int(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices.at(this.int(choices.length))!;
  }

  list<T>(make: () => T): T[] {
    return Array.from({ length: this.int(6) }, make);
  }

  hex(bytes: number): string {
    return Array.from({ length: bytes }, () =>
      (this.int(255) + 1).toString(16).padStart(2, '0'),
    ).join('');
  }

  text(): string {
    const alphabet = ['a', 'Z', '"', '\\', '\n', '\u0000', 'é', '字', '🚲', '\u2028', ' '];
    return Array.from({ length: this.int(40) }, () => this.pick(alphabet)).join('');
  }

  number(): number {
    const sign = this.chance(0.5) ? 1 : -1;
    return (
      sign * this.pick([this.int(200), this.int(2 ** 31), this.next(), 2 ** 53 - 1, 2 ** 53 + 2])
    );
  }

  attributes(max = 4): Attributes {
    const attributes: Attributes = {};
    const count = this.int(max + 1);
    for (let index = 0; index < count; index++) {
      attributes[`k${this.int(60)}`] = this.pick<() => Attributes[string]>([
        () => this.text(),
        () => this.number(),
        () => this.chance(0.5),
        () => this.list(() => this.text()),
        () => this.list(() => this.number()),
        () => this.list(() => this.chance(0.5)),
      ])();
    }
    return attributes;
  }

  value(depth: number): ApiValue {
    const leaves: (() => ApiValue)[] = [
      () => this.text(),
      () => this.number(),
      () => this.chance(0.5),
      () => null,
      () => Uint8Array.from(this.list(() => this.int(256))),
    ];
    if (depth === 0) return this.pick(leaves)();
    const nested: (() => ApiValue)[] = [
      () => this.list(() => this.value(depth - 1)),
      () => Object.fromEntries(this.list(() => [this.text(), this.value(depth - 1)])),
    ];
    return this.pick([...leaves, ...nested])();
  }
}
