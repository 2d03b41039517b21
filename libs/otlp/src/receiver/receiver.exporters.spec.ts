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
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import {
  officialMetrics,
  officialRecords,
  officialSpans,
} from '../wire/fixtures/official-items.js';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver, ReceiverPorts } from './receiver.js';
import type { ExportReply, ReceivedExport } from './receiver-options.js';

const compression = CompressionAlgorithm.GZIP;
let receiver: OtlpReceiver;
let ports: ReceiverPorts;
let received: ReceivedExport[];
/** The answers to the next requests. The last one is repeated. */
let replies: ExportReply[];

beforeEach(async () => {
  received = [];
  replies = [{ kind: 'accepted' }];
  receiver = createOtlpReceiver({
    grpcPort: 0,
    httpPort: 0,
    onExport: (each) => {
      received.push(each);
      return (replies.length > 1 ? replies.shift() : replies.at(0)) ?? { kind: 'accepted' };
    },
  });
  ports = await receiver.start();
});

afterEach(() => receiver.close());

function http(path: string) {
  return { url: `http://127.0.0.1:${ports.httpPort}${path}` };
}
function grpc() {
  return { url: `http://127.0.0.1:${ports.grpcPort}` };
}

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

function spans() {
  return officialSpans((provider) =>
    provider
      .getTracer('shop', '1.2')
      .startSpan('buy', { attributes: { size: 3 } })
      .end(),
  );
}

function records() {
  return officialRecords((provider) => {
    const logger = provider.getLogger('shop');
    logger.emit({ body: 'sold out', severityNumber: SeverityNumber.WARN });
  });
}

function points() {
  return officialMetrics(AggregationTemporality.CUMULATIVE, (provider) => {
    provider.getMeter('shop').createCounter('sales').add(2);
  });
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

  it.each(metricExporters)('deliver data points over %s', async (transport, create) => {
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

describe('the exporters of OpenTelemetry, if the receiver does not accept', () => {
  const timeoutMillis = 5000;
  const create = new Map<string, (timeout?: number) => SpanExporter>([
    ['grpc', (timeout = timeoutMillis) => new GrpcTraces({ ...grpc(), timeoutMillis: timeout })],
    [
      'http/protobuf',
      (timeout = timeoutMillis) =>
        new ProtoTraces({ ...http('/v1/traces'), timeoutMillis: timeout }),
    ],
    [
      'http/json',
      (timeout = timeoutMillis) =>
        new JsonTraces({ ...http('/v1/traces'), timeoutMillis: timeout }),
    ],
  ]);
  function exporterFor(transport: string, timeout?: number) {
    return create.get(transport)!(timeout);
  }
  const transports = [...create.keys()];

  it.each(transports)('treat partial success over %s as success', async (transport) => {
    replies = [{ kind: 'partial', rejected: 1, message: 'too old' }];
    const result = await send(exporterFor(transport), await spans());
    expect(result.code).toBe(ExportResultCode.SUCCESS);
    expect(receiver.stats()).toMatchObject({ partial: 1, accepted: 0 });
  });

  it.each(transports)(
    'do not repeat a request over %s that may not be retried',
    async (transport) => {
      replies = [{ kind: 'refused', code: 3, message: 'no such thing' }];
      const result = await send(exporterFor(transport), await spans());
      expect(result.code).toBe(ExportResultCode.FAILED);
      expect(received).toHaveLength(1);
    },
  );

  it.each(['http/protobuf', 'http/json'])(
    'repeat a request over %s if the receiver asks for it',
    async (transport) => {
      replies = [
        { kind: 'refused', code: 14, message: 'busy', retryAfterMs: 1 },
        { kind: 'refused', code: 8, message: 'busy', retryAfterMs: 0 },
        { kind: 'accepted' },
      ];
      const result = await send(exporterFor(transport), await spans());
      expect(result.code).toBe(ExportResultCode.SUCCESS);
      expect(received).toHaveLength(3);
      expect(receiver.stats()).toMatchObject({ refused: 2, accepted: 1 });
    },
  );

  it('read code and message of a refusal over gRPC', async () => {
    replies = [{ kind: 'refused', code: 14, message: 'überlastet', retryAfterMs: 1500 }];
    const result = await send(exporterFor('grpc'), await spans());
    expect(result.error).toMatchObject({ code: 14, details: 'überlastet' });
  });

  it.each(transports)('time out over %s if no answer comes', async (transport) => {
    replies = [{ kind: 'hang' }];
    const result = await send(exporterFor(transport, 100), await spans());
    expect(result.code).toBe(ExportResultCode.FAILED);
    expect(received).toHaveLength(1);
  });

  it('fail over gRPC if the connection is cut', async () => {
    replies = [{ kind: 'reset' }];
    const result = await send(exporterFor('grpc'), await spans());
    expect(result.error).toMatchObject({ code: 14 });
  });

  it.each(['http/protobuf', 'http/json'])(
    'repeat a request over %s after a cut',
    async (transport) => {
      replies = [{ kind: 'reset' }, { kind: 'accepted' }];
      const result = await send(exporterFor(transport), await spans());
      expect(result.code).toBe(ExportResultCode.SUCCESS);
      expect(received).toHaveLength(2);
    },
  );

  it('do not stop the receiver from closing', async () => {
    const exporters = transports.map((transport) => exporterFor(transport));
    const items = await spans();
    for (const exporter of exporters) {
      await new Promise((resolve) => exporter.export(items, resolve));
    }
    expect(receiver.stats().connections).toBe(3);
    await receiver.close();
    expect(receiver.stats().connections).toBe(0);
    await Promise.all(exporters.map((exporter) => exporter.shutdown()));
  });
});
