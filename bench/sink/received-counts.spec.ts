import { gzipSync } from 'node:zlib';
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { countSpans } from './count-items.ts';
import { ReceivedCounts } from './received-counts.ts';

const SERVER = 1;
const CLIENT = 2;

/** Requests as the official serializer writes them: a count of ours is compared with what others made. */
function spansRequest(kinds: readonly number[]): Buffer {
  const spans: ReadableSpan[] = [];
  const provider = new TracerProvider({
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => void spans.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  for (const [index, kind] of kinds.entries()) {
    const tracer = provider.getTracer(`scope ${index % 2}`);
    const span = tracer.startSpan('GET /orders/:id', { kind, attributes: { 'http.route': '/a' } });
    span.addEvent('seen', { 'a.number': 0.5 });
    span.end();
  }
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []);
}

async function metricsRequest(): Promise<Buffer> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
  for (const route of ['/a', '/b', '/c']) {
    meter.createCounter('requests').add(1, { route });
    meter.createHistogram('duration').record(0.5, { route });
  }
  meter.createGauge('heap').record(1);
  await reader.forceFlush();
  const [metrics] = exporter.getMetrics();
  await reader.shutdown();
  return Buffer.from((metrics && ProtobufMetricsSerializer.serializeRequest(metrics)) ?? []);
}

function logsRequest(count: number): Buffer {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    processors: [
      {
        onEmit: (record) => void records.push(record),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  for (let made = 0; made < count; made += 1) provider.getLogger('bench').emit({ body: 'placed' });
  return Buffer.from(ProtobufLogsSerializer.serializeRequest(records) ?? []);
}

describe('the counts of a sink', () => {
  it('counts spans, and those of kind SERVER, over gRPC and over HTTP, packed or not', () => {
    const counts = new ReceivedCounts();
    const request = spansRequest([SERVER, CLIENT, SERVER, 0]);
    counts.keep('/v1/traces', 'identity', request);
    counts.keep('/v1/traces', 'gzip', gzipSync(request));
    counts.keep('/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'identity', request);
    expect(counts.count()).toMatchObject({ spans: 12, servers: 6, records: 0, points: {} });
  });

  it('counts data points by metric, and log records', async () => {
    const counts = new ReceivedCounts();
    counts.keep('/v1/metrics', 'identity', await metricsRequest());
    counts.keep('/v1/logs', 'identity', logsRequest(5));
    expect(counts.count()).toMatchObject({
      spans: 0,
      records: 5,
      points: { requests: 3, duration: 3, heap: 1 },
    });
  });

  it('counts what vendors send instead of spans', () => {
    const counts = new ReceivedCounts();
    counts.traces(7);
    const envelope = '{}\n{"type":"span"}\n{"items":[{"is_segment":false},{"is_segment":true}]}';
    counts.keep('/api/1/envelope/?key', 'identity', Buffer.from(envelope));
    const snapshots = '{"snapshots":[{"p":"http","a":{}},{"p":"http"},{"p":"rpc"}]}';
    counts.keep('/applications/telemetry', 'gzip', gzipSync(snapshots));
    counts.keep('/telemetry', 'identity', Buffer.from('nothing that is counted'));
    expect(counts.count()).toMatchObject({ spans: 0, traces: 10 });
  });

  it('begins with nothing, and takes a request without items', () => {
    const counts = new ReceivedCounts();
    counts.keep('/v1/traces', 'identity', Buffer.alloc(0));
    expect(counts.count()).toEqual({ spans: 0, servers: 0, records: 0, points: {}, traces: 0 });
  });

  it('does not count half of a request', () => {
    const request = spansRequest([SERVER, SERVER]);
    expect(() => countSpans(request.subarray(0, -3))).toThrow(/length \d+ at|a number ends at/);
    expect(() => countSpans(Buffer.from([0x0f]))).toThrow('tag 15');
  });
});
