// Encoding alone, ours against the official serializers in turns: `node --expose-gc bench/encode.ts [--json]`, after
// `npm run build`. Medians in ns per item; `heap` is what one item allocates. Ratios hold, absolute times drift.
import { getHeapStatistics } from 'node:v8';
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  createLogRecordEncoder,
  createSpanEncoder,
} from '../libs/otlp/dist/encode/item-encoder.js';
import { createMetricEncoder } from '../libs/otlp/dist/encode/metric-encoder.js';

const ITEMS = 512;
const ROUNDS = 41;
/** So many that a new value is forgotten when it comes again, so few that they are in the cache as in life. */
const BATCHES = 3;
const SLAB = 1_048_576;

interface Side {
  readonly run: () => number;
  readonly times: number[];
}

interface Case {
  readonly name: string;
  readonly ours: Side;
  readonly official: Side;
}

let serial = 0;

/** Ten attributes, keys and values of 20 characters; the first `fresh` values were never seen before. */
function attributesOf(fresh: number): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (let index = 0; index < 10; index++) {
    const value =
      index < fresh
        ? Buffer.from(`v-${String(serial++).padStart(18, '0')}`).toString('latin1')
        : `constant.value.no.0${index}`;
    attributes[`attribute.key.no.${100 + index}`] = value;
  }
  return attributes;
}

async function spansOf(fresh: number, count: number): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  const processor: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => {
      spans.push(span);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer('bench', '1.0.0');
  for (let index = 0; index < count; index++) {
    tracer.startSpan('GET /orders/:id', { kind: 1, attributes: attributesOf(fresh) }).end();
  }
  await provider.shutdown();
  return spans;
}

async function recordsOf(fresh: number, count: number): Promise<ReadableLogRecord[]> {
  const records: ReadableLogRecord[] = [];
  const processor: LogRecordProcessor = {
    onEmit: (record) => {
      records.push(record);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const provider = new LoggerProvider({ processors: [processor] });
  const logger = provider.getLogger('bench', '1.0.0');
  for (let index = 0; index < count; index++) {
    const attributes = attributesOf(fresh);
    logger.emit({ severityNumber: 9, severityText: 'INFO', body: 'order placed', attributes });
  }
  await provider.shutdown();
  return records;
}

async function metricsOf(count: number): Promise<ResourceMetrics> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('bench', '1.0.0');
  for (let index = 0; index < count; index++) {
    const attributes = { ...attributesOf(0), route: `/orders/${index}` };
    if (index % 2 === 0) meter.createCounter('requests').add(index, attributes);
    else meter.createHistogram('duration').record(index, attributes);
  }
  await provider.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  if (metrics === undefined) throw new Error('no metrics');
  return metrics;
}

/** The next of `batches` at each call. */
function turns<T>(batches: readonly T[]): () => T {
  let next = 0;
  return () => batches.at(next++ % batches.length)!;
}

function itemCase<I>(
  name: string,
  batches: readonly I[][],
  encoder: {
    open(target: Uint8Array, offset: number): void;
    append(item: I): string;
    close(): number;
  },
  serialize: (items: I[]) => Uint8Array | undefined,
): Case {
  const slab = new Uint8Array(new SharedArrayBuffer(SLAB));
  const mine = turns(batches);
  const theirs = turns(batches);
  const run = (): number => {
    encoder.open(slab, 0);
    for (const item of mine()) {
      if (encoder.append(item) !== 'written') throw new Error('not written');
    }
    return encoder.close();
  };
  return {
    name,
    ours: { run, times: [] },
    official: { run: () => serialize(theirs())?.length ?? 0, times: [] },
  };
}

function metricCase(metrics: ResourceMetrics): Case {
  const slab = new Uint8Array(new SharedArrayBuffer(SLAB));
  const encoder = createMetricEncoder();
  const run = (): number => {
    encoder.open(slab, 0);
    for (const { scope, metrics: all } of metrics.scopeMetrics) {
      for (const metric of all) encoder.append(metrics.resource, scope, metric, 0);
    }
    return encoder.close();
  };
  const official = (): number => ProtobufMetricsSerializer.serializeRequest(metrics)?.length ?? 0;
  return {
    name: 'points, 11 attributes',
    ours: { run, times: [] },
    official: { run: official, times: [] },
  };
}

function time(side: Side, repeats: number): void {
  const start = process.hrtime.bigint();
  for (let repeat = 0; repeat < repeats; repeat++) side.run();
  side.times.push(Number(process.hrtime.bigint() - start) / repeats / ITEMS);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/** Bytes of heap that one item allocates, over a span without a collection; undefined without --expose-gc. */
function heapPerItem(side: Side): number | undefined {
  if (globalThis.gc === undefined) return undefined;
  const deltas = Array.from({ length: 9 }, () => {
    globalThis.gc?.();
    const before = getHeapStatistics().used_heap_size;
    for (let repeat = 0; repeat < 4; repeat++) side.run();
    return (getHeapStatistics().used_heap_size - before) / (4 * ITEMS);
  });
  return median(deltas);
}

function measure({ name, ours, official }: Case) {
  for (let round = 0; round < 150; round++) {
    ours.run();
    official.run();
  }
  for (let round = 0; round < ROUNDS; round++) {
    time(ours, 8);
    time(official, 4);
  }
  const [oursNs, officialNs] = [median(ours.times), median(official.times)];
  return {
    name,
    oursNs: Math.round(oursNs),
    officialNs: Math.round(officialNs),
    ratio: Number((oursNs / officialNs).toFixed(3)),
    oursHeap: round1(heapPerItem(ours)),
    officialHeap: round1(heapPerItem(official)),
    oursBytes: Math.round(ours.run() / ITEMS),
    officialBytes: Math.round(official.run() / ITEMS),
  };
}

function round1(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 10) / 10;
}

async function batchesOf<I>(count: number, make: () => Promise<I[]>): Promise<I[][]> {
  const batches: I[][] = [];
  for (let index = 0; index < count; index++) batches.push(await make());
  return batches;
}

const spans = async (name: string, fresh: number): Promise<Case> =>
  itemCase(
    name,
    await batchesOf(fresh === 0 ? 1 : BATCHES, () => spansOf(fresh, ITEMS)),
    createSpanEncoder(),
    (items) => ProtobufTraceSerializer.serializeRequest(items),
  );

const cases = [
  await spans('spans, values repeated', 0),
  await spans('spans, 3 of 10 values new', 3),
  await spans('spans, all values new', 10),
  itemCase(
    'log records, 3 of 10 new',
    await batchesOf(BATCHES, () => recordsOf(3, ITEMS)),
    createLogRecordEncoder(),
    (items) => ProtobufLogsSerializer.serializeRequest(items),
  ),
  metricCase(await metricsOf(ITEMS)),
];
const results = cases.map(measure);
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ node: process.version, items: ITEMS, results }));
} else console.table(results);
