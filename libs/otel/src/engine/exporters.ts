import type { Signal } from '@nestlens/otlp';
import { AggregationTemporalityPreference } from '@opentelemetry/exporter-metrics-otlp-http';
import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { OtelConfig } from '../options/otel.config.js';
import type { OtlpProtocol } from '../options/otel.options.js';
import type { OfficialExporters } from './official-options.js';

/** Only the chosen exporter is imported: a bundle without `@grpc/grpc-js` sends over HTTP, and a start is shorter. */
const load: Record<OtlpProtocol, () => Promise<OfficialExporters>> = {
  grpc: async () => (await import('./grpc-exporters.js')).grpcExporters,
  'http/protobuf': async () => (await import('./proto-exporters.js')).protoExporters,
  'http/json': async () => (await import('./json-exporters.js')).jsonExporters,
};

const TEMPORALITY = {
  cumulative: AggregationTemporalityPreference.CUMULATIVE,
  delta: AggregationTemporalityPreference.DELTA,
  lowmemory: AggregationTemporalityPreference.LOWMEMORY,
} as const;

/** Undefined for a signal that does not go to OTLP. */
interface OtlpExporters {
  readonly spans: SpanExporter | undefined;
  readonly logs: LogRecordExporter | undefined;
  readonly metrics: PushMetricExporter | undefined;
}

export const loadExporters = async (config: OtelConfig): Promise<OtlpExporters> => {
  const { otlp, metrics: options } = config;
  const official = (signal: Signal) =>
    config[signal].exporters.includes('otlp') ? load[otlp[signal].protocol]() : undefined;
  const [traces, metrics, logs] = await Promise.all([
    official('traces'),
    official('metrics'),
    official('logs'),
  ]);
  const { concurrency } = otlp;
  return {
    spans: traces?.spans(otlp.traces, concurrency),
    logs: logs?.logs(otlp.logs, concurrency),
    metrics: metrics?.metrics(otlp.metrics, concurrency, TEMPORALITY[options.temporality]),
  };
};
