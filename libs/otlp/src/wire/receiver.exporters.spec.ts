import { SeverityNumber } from '@opentelemetry/api';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver, ReceiverPorts } from './receiver.js';
import type { ReceivedExport } from './receiver-options.js';
import type { ExportReply } from './reply.js';

const compression = CompressionAlgorithm.GZIP;
let receiver: OtlpReceiver;
let ports: ReceiverPorts;
let received: ReceivedExport[];
let reply: ExportReply;

beforeEach(async () => {
  received = [];
  reply = { kind: 'accepted' };
  receiver = createOtlpReceiver({
    grpcPort: 0,
    httpPort: 0,
    onExport: (each) => {
      received.push(each);
      return reply;
    },
  });
  ports = await receiver.start();
});

afterEach(() => receiver.close());

const http = (path: string) => ({ url: `http://127.0.0.1:${ports.httpPort}${path}` });
const grpc = () => ({ url: `http://127.0.0.1:${ports.grpcPort}` });

interface Exporter<T> {
  export(items: T, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

async function send<T>(exporter: Exporter<T>, items: T): Promise<ExportResult> {
  try {
    return await new Promise((resolve) => exporter.export(items, resolve));
  } finally {
    await exporter.shutdown();
  }
}

async function spans() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  provider
    .getTracer('shop', '1.2')
    .startSpan('buy', { attributes: { size: 3 } })
    .end();
  await provider.forceFlush();
  return exporter.getFinishedSpans();
}

async function records() {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop');
  logger.emit({ body: 'sold out', severityNumber: SeverityNumber.WARN });
  await provider.forceFlush();
  return exporter.getFinishedLogRecords();
}

async function points() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  provider.getMeter('shop').createCounter('sales').add(2);
  await provider.forceFlush();
  const collected = exporter.getMetrics().at(0)!;
  await provider.shutdown();
  return collected;
}

const traceExporters: readonly [string, () => SpanExporter][] = [
  ['grpc', () => new GrpcTraces(grpc())],
  ['grpc', () => new GrpcTraces({ ...grpc(), compression })],
  ['http/protobuf', () => new ProtoTraces(http('/v1/traces'))],
  ['http/protobuf', () => new ProtoTraces({ ...http('/v1/traces'), compression })],
  ['http/json', () => new JsonTraces(http('/v1/traces'))],
  ['http/json', () => new JsonTraces({ ...http('/v1/traces'), compression })],
];

describe('the exporters of OpenTelemetry', () => {
  it.each(traceExporters)('deliver spans over %s', async (transport, create) => {
    const result = await send(create(), await spans());
    expect(result.code).toBe(ExportResultCode.SUCCESS);
    expect(received).toMatchObject([
      {
        transport,
        request: {
          signal: 'traces',
          groups: [
            {
              scopes: [
                {
                  scope: { name: 'shop', version: '1.2' },
                  items: [{ name: 'buy', attributes: { size: 3 } }],
                },
              ],
            },
          ],
        },
      },
    ]);
  });

  const metricExporters: readonly [string, () => PushMetricExporter][] = [
    ['grpc', () => new GrpcMetrics(grpc())],
    ['http/protobuf', () => new ProtoMetrics(http('/v1/metrics'))],
    ['http/json', () => new JsonMetrics(http('/v1/metrics'))],
  ];

  it.each(metricExporters)('deliver points over %s', async (transport, create) => {
    const result = await send(create(), await points());
    expect(result.code).toBe(ExportResultCode.SUCCESS);
    const data = { kind: 'sum', points: [{ value: 2 }], temporality: 2, monotonic: true };
    expect(received).toMatchObject([
      {
        transport,
        request: {
          signal: 'metrics',
          groups: [{ scopes: [{ items: [{ name: 'sales', data }] }] }],
        },
      },
    ]);
  });

  const logExporters: readonly [string, () => LogRecordExporter][] = [
    ['grpc', () => new GrpcLogs(grpc())],
    ['http/protobuf', () => new ProtoLogs(http('/v1/logs'))],
    ['http/json', () => new JsonLogs(http('/v1/logs'))],
  ];

  it.each(logExporters)('deliver log records over %s', async (transport, create) => {
    const result = await send(create(), await records());
    expect(result.code).toBe(ExportResultCode.SUCCESS);
    expect(received).toMatchObject([
      {
        transport,
        request: {
          signal: 'logs',
          groups: [{ scopes: [{ items: [{ body: 'sold out', severityNumber: 13 }] }] }],
        },
      },
    ]);
  });
});
