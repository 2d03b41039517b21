import { isDeepStrictEqual } from 'node:util';
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

describe('random spans of the official SDK', () => {
  it('are read the same from protobuf and JSON, 2000 of them', async () => {
    const random = new Random(20);
    const request = await exportSpans((provider) => {
      for (let index = 0; index < 2000; index++) {
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
    expect(items).toHaveLength(2000);
    expect(items.some((span) => span.droppedEventsCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedLinksCount > 0)).toBe(true);
    expect(items.some((span) => span.droppedAttributesCount > 0)).toBe(true);
  });
});

describe('random log records of the official SDK', () => {
  it('are read the same from protobuf and JSON, 3000 of them', async () => {
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

describe('random points of the official SDK', () => {
  it('are read the same from protobuf and JSON, 2000 of them', async () => {
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

/** No letter of two units, so that a cut is never inside one. */
const LETTERS = 'aZ"\\\n\u0000é字\u2028 '.repeat(8);

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
    const start = this.int(LETTERS.length);
    return LETTERS.slice(start, start + this.int(40));
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
