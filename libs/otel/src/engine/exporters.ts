import { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonMetricExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import {
  createEmptyMetadata,
  createInsecureCredentials,
  createSslCredentials,
} from '@opentelemetry/otlp-grpc-exporter-base';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { OtelConfig, OtlpDestination } from '../options/otel.config.js';

const USER_AGENT = 'Nestlens/0.1.0';

const base = (to: OtlpDestination, concurrency: number) => ({
  url: to.url,
  timeoutMillis: to.timeoutMs,
  concurrencyLimit: concurrency,
  userAgent: USER_AGENT,
  compression: to.compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
});

const grpcOptions = (to: OtlpDestination, concurrency: number) => {
  const metadata = createEmptyMetadata();
  for (const [key, value] of Object.entries(to.headers.reveal())) metadata.set(key, value);
  const credentials = to.url.startsWith('https:')
    ? createSslCredentials(to.tls?.ca, to.tls?.key?.reveal(), to.tls?.cert)
    : createInsecureCredentials();
  return { ...base(to, concurrency), metadata, credentials };
};

const httpOptions = (to: OtlpDestination, concurrency: number) => ({
  ...base(to, concurrency),
  headers: { ...to.headers.reveal() },
  httpAgentOptions: {
    keepAlive: true,
    ...(to.tls && { ca: to.tls.ca, cert: to.tls.cert, key: to.tls.key?.reveal() }),
  },
});

type Otlp = OtelConfig['otlp'];

export const buildSpanExporter = ({ traces: to, concurrency }: Otlp): SpanExporter => {
  switch (to.protocol) {
    case 'grpc':
      return new GrpcTraceExporter(grpcOptions(to, concurrency));
    case 'http/protobuf':
      return new ProtoTraceExporter(httpOptions(to, concurrency));
    case 'http/json':
      return new JsonTraceExporter(httpOptions(to, concurrency));
  }
};

export const buildLogExporter = ({ logs: to, concurrency }: Otlp): LogRecordExporter => {
  switch (to.protocol) {
    case 'grpc':
      return new GrpcLogExporter(grpcOptions(to, concurrency));
    case 'http/protobuf':
      return new ProtoLogExporter(httpOptions(to, concurrency));
    case 'http/json':
      return new JsonLogExporter(httpOptions(to, concurrency));
  }
};

const TEMPORALITY = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

export const buildMetricExporter = (
  { metrics: to, concurrency }: Otlp,
  temporality: OtelConfig['metrics']['temporality'],
): PushMetricExporter => {
  const temporalityPreference = TEMPORALITY[temporality];
  switch (to.protocol) {
    case 'grpc':
      return new GrpcMetricExporter({ ...grpcOptions(to, concurrency), temporalityPreference });
    case 'http/protobuf':
      return new ProtoMetricExporter({ ...httpOptions(to, concurrency), temporalityPreference });
    case 'http/json':
      return new JsonMetricExporter({ ...httpOptions(to, concurrency), temporalityPreference });
  }
};
