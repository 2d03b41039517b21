import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { httpOptions } from './official-options.js';
import type { OfficialExporters } from './official-options.js';

export const protoExporters: OfficialExporters = {
  spans: (to, concurrency) => new OTLPTraceExporter(httpOptions(to, concurrency)),
  logs: (to, concurrency) => new OTLPLogExporter(httpOptions(to, concurrency)),
  metrics: (to, concurrency, temporalityPreference) =>
    new OTLPMetricExporter({ ...httpOptions(to, concurrency), temporalityPreference }),
};
