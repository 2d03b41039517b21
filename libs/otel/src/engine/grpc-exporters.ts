import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import {
  createEmptyMetadata,
  createInsecureCredentials,
  createSslCredentials,
} from '@opentelemetry/otlp-grpc-exporter-base';
import type { OtlpDestination } from '../options/otel.config.js';
import { officialOptions } from './official-options.js';
import type { OfficialExporters } from './official-options.js';

const grpcOptions = (to: OtlpDestination, concurrency: number) => {
  const metadata = createEmptyMetadata();
  for (const [key, value] of Object.entries(to.headers.reveal())) metadata.set(key, value);
  const credentials = to.url.startsWith('https:')
    ? createSslCredentials(to.tls?.ca, to.tls?.key?.reveal(), to.tls?.cert)
    : createInsecureCredentials();
  return { ...officialOptions(to, concurrency), metadata, credentials };
};

export const grpcExporters: OfficialExporters = {
  spans: (to, concurrency) => new OTLPTraceExporter(grpcOptions(to, concurrency)),
  logs: (to, concurrency) => new OTLPLogExporter(grpcOptions(to, concurrency)),
  metrics: (to, concurrency, temporalityPreference) =>
    new OTLPMetricExporter({ ...grpcOptions(to, concurrency), temporalityPreference }),
};
