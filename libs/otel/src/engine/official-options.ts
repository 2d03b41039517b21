import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { VERSION } from '../late-bound/version.js';
import type { OtlpDestination } from '../options/otel.config.js';

const USER_AGENT = `Nestlens/${VERSION}`;

/** The official exporters of one protocol, each in a file of its own that is imported when it is chosen. */
export interface OfficialExporters {
  spans(to: OtlpDestination, concurrency: number): SpanExporter;
  logs(to: OtlpDestination, concurrency: number): LogRecordExporter;
  metrics(
    to: OtlpDestination,
    concurrency: number,
    temporalityPreference: number,
  ): PushMetricExporter;
}

export const officialOptions = (to: OtlpDestination, concurrency: number) => ({
  url: to.url,
  timeoutMillis: to.timeoutMs,
  concurrencyLimit: concurrency,
  userAgent: USER_AGENT,
  compression: to.compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
});

export const httpOptions = (to: OtlpDestination, concurrency: number) => ({
  ...officialOptions(to, concurrency),
  headers: { ...to.headers.reveal() },
  httpAgentOptions: {
    keepAlive: true,
    ...(to.tls && { ca: to.tls.ca, cert: to.tls.cert, key: to.tls.key?.reveal() }),
  },
});
