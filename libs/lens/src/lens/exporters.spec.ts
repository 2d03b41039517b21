import { context, SeverityNumber, SpanKind, trace } from '@opentelemetry/api';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { createLens, type Lens, type LensAddress } from './lens.js';

let lens: Lens;
let address: LensAddress;

beforeEach(async () => {
  lens = createLens({ grpcPort: 0, httpPort: 0, apiPort: 0 });
  address = await lens.start();
});
afterEach(() => lens.close());

const resource = resourceFromAttributes({
  'service.name': 'shop',
  'service.instance.id': 'run-1',
});
function grpc() {
  return { url: address.grpcUrl };
}
function http(signal: string) {
  return { url: `${address.httpUrl}/v1/${signal}` };
}
async function get(path: string): Promise<any> {
  return (await fetch(address.apiUrl + path)).json();
}

describe("the lens's API", () => {
  it.each<[string, () => SpanExporter]>([
    ['gRPC', () => new GrpcTraces(grpc())],
    ['HTTP/protobuf', () => new ProtoTraces(http('traces'))],
    ['HTTP/JSON', () => new JsonTraces(http('traces'))],
  ])('shows traces of the official exporter over %s', async (_transport, create) => {
    const spanProcessors = [new BatchSpanProcessor({ exporter: create() })];
    const provider = new TracerProvider({ resource, spanProcessors });
    const tracer = provider.getTracer('spec', '1');
    const root = tracer.startSpan('GET /orders/:id', {
      kind: SpanKind.SERVER,
      attributes: { 'http.route': '/orders/:id' },
    });
    const child = tracer.startSpan(
      'SELECT orders',
      { kind: SpanKind.CLIENT, attributes: { rows: 3, tags: ['a', 'b'] } },
      trace.setSpan(context.active(), root),
    );
    child.recordException(new Error('slow'));
    child.end();
    root.end();
    await provider.shutdown();
    const { traceId } = root.spanContext();
    expect((await get('/api/traces?service=shop&route=%2Forders%2F%3Aid')).traces).toMatchObject([
      { traceId, name: 'GET /orders/:id', spanCount: 2 },
    ]);
    expect((await get(`/api/traces/${traceId}`)).spans).toMatchObject([
      { depth: 0, kind: 'server', parentSpanId: '' },
      {
        depth: 1,
        kind: 'client',
        attributes: { rows: 3, tags: ['a', 'b'] },
        events: [{ name: 'exception', attributes: { 'exception.message': 'slow' } }],
      },
    ]);
    expect((await get('/api/services')).services).toMatchObject([
      { name: 'shop', runs: [{ instanceId: 'run-1', spans: 2 }] },
    ]);
  });

  it.each<[string, () => LogRecordExporter]>([
    ['gRPC', () => new GrpcLogs(grpc())],
    ['HTTP/protobuf', () => new ProtoLogs(http('logs'))],
    ['HTTP/JSON', () => new JsonLogs(http('logs'))],
  ])('shows log records of the official exporter over %s', async (_transport, create) => {
    const processors = [new SimpleLogRecordProcessor({ exporter: create() })];
    const provider = new LoggerProvider({ resource, processors });
    provider.getLogger('spec').emit({
      severityNumber: SeverityNumber.ERROR,
      severityText: 'ERROR',
      body: { msg: 'sold out', left: 0 },
      attributes: { sku: 'a-1' },
    });
    await provider.shutdown();
    expect((await get('/api/logs?severity=error')).logs).toMatchObject([
      {
        service: 'shop',
        severity: 'error',
        body: { msg: 'sold out', left: 0 },
        attributes: { sku: 'a-1' },
        traceId: '',
      },
    ]);
  });

  it.each<[string, () => PushMetricExporter]>([
    ['gRPC', () => new GrpcMetrics(grpc())],
    ['HTTP/protobuf', () => new ProtoMetrics(http('metrics'))],
    ['HTTP/JSON', () => new JsonMetrics(http('metrics'))],
  ])('shows metrics of the official exporter over %s', async (_transport, create) => {
    const reader = new PeriodicExportingMetricReader({
      exporter: create(),
      exportIntervalMillis: 3_600_000,
    });
    const provider = new MeterProvider({ resource, readers: [reader] });
    const meter = provider.getMeter('spec');
    const counter = meter.createCounter('orders.placed', { unit: '{order}' });
    counter.add(2, { paid: true });
    meter.createHistogram('orders.duration', { unit: 's' }).record(0.2);
    await provider.forceFlush();
    counter.add(3, { paid: true });
    await provider.shutdown();
    expect((await get('/api/metrics?service=shop')).metrics).toMatchObject([
      { name: 'orders.duration', kind: 'histogram', unit: 's' },
      { name: 'orders.placed', kind: 'sum', unit: '{order}', monotonic: true },
    ]);
    expect((await get('/api/metrics/orders.placed')).series).toMatchObject([
      { attributes: { paid: true }, points: [{ value: 2 }, { value: 5 }] },
    ]);
    const [histogram] = (await get('/api/metrics/orders.duration')).series;
    expect(histogram.points[0]).toMatchObject({ count: 1, sum: 0.2 });
  });

  it('answers a partial success that counts rejected spans', async () => {
    function span(traceId: string) {
      return {
        traceId,
        spanId: 'a'.repeat(16),
        name: 'n',
        startTimeUnixNano: '1',
        endTimeUnixNano: '2',
      };
    }
    const spans = [span('b'.repeat(32)), span('0'.repeat(32))];
    const response = await fetch(`${address.httpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
    });
    expect(response.status).toBe(200);
    const { partialSuccess }: any = await response.json();
    expect(Number(partialSuccess.rejectedSpans)).toBe(1);
    expect(partialSuccess.errorMessage).toBe(
      '1 of 2 left out: trace id must be 16 bytes and not zero (1)',
    );
    expect(await get('/api/stats')).toMatchObject({
      counts: { traces: { received: 2, held: 1, refused: 1 } },
      receiver: { partial: 1 },
    });
  });

  it('accepts an empty request', async () => {
    const headers = { 'content-type': 'application/x-protobuf' };
    const response = await fetch(`${address.httpUrl}/v1/traces`, { method: 'POST', headers });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    expect((await get('/api/stats')).counts.traces.received).toBe(0);
  });
});
