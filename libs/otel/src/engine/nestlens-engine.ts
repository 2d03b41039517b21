import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { diag } from '@opentelemetry/api';
import { boundedReader, createPipeline } from '@nestlens/otlp';
import type { DestinationOptions, PipelineOptions, PipelineStats } from '@nestlens/otlp';
import type { OtelConfig } from '../options/otel.config.js';
import { boundsOf } from '../metrics/bounds.js';
import { shownDestinations } from './destinations.js';
import type { ExportEngine, Signal, SignalStatus } from './engine.js';

const destinationOf = (config: OtelConfig, signal: Signal): DestinationOptions | undefined => {
  if (!config[signal].exporters.includes('otlp')) return undefined;
  const to = config.otlp[signal];
  return {
    // The pipeline speaks protobuf only; a collector that takes OTLP/JSON takes it on the same port.
    protocol: to.protocol === 'grpc' ? 'grpc' : 'http/protobuf',
    endpoint: to.url,
    headers: to.headers.reveal(),
    compression: to.compression === 'gzip' ? 'gzip' : 'identity',
    timeoutMs: to.timeoutMs,
    ...(to.tlsFiles && { tls: to.tlsFiles }),
  };
};

const lastOf = (last: PipelineStats['last'][Signal]): SignalStatus['last'] => {
  if (last === undefined) return { outcome: 'none' };
  const { at, outcome } = last;
  return outcome.kind === 'accepted' || outcome.kind === 'partial'
    ? { outcome: 'accepted', at }
    : { outcome: 'failed', at, reason: outcome.reason };
};

const statusOf = (signal: Signal, { ledger, last, lanes }: PipelineStats): SignalStatus => {
  const { accepted, rejected, dropped, queued, spooled } = ledger[signal];
  const lane = lanes.find(({ signals }) => signals.includes(signal));
  // An operation ends when its retries do; until then the breaker and the retries tell of trouble.
  const troubled = lane !== undefined && (lane.breaker.kind !== 'closed' || lane.retrying > 0);
  return {
    accepted,
    rejected,
    dropped: { ...dropped },
    queued,
    spooled,
    last: troubled
      ? { outcome: 'failed', at: Date.now(), reason: 'retrying' }
      : lastOf(last[signal]),
  };
};

/** The engine `nestlens`: our own pipeline. Encodes when a span ends, sends from a thread of its own, retries. */
export const createNestlensEngine = (
  config: OtelConfig,
  overrides: Partial<PipelineOptions> = {},
): ExportEngine => {
  const traces = destinationOf(config, 'traces');
  const metrics = destinationOf(config, 'metrics');
  const logs = destinationOf(config, 'logs');
  const pipeline = createPipeline({
    ...(traces && { traces }),
    ...(metrics && { metrics }),
    ...(logs && { logs }),
    ...config.otlp.pipeline,
    temporality: config.metrics.temporality,
    log: (level, line) => (level === 'info' ? diag.info(line) : diag.warn(line)),
    ...overrides,
  });
  pipeline.start();
  return {
    name: 'nestlens',
    destinations: shownDestinations(config),
    spanProcessor: pipeline.spanProcessor,
    logRecordProcessor: pipeline.logRecordProcessor,
    metricReader:
      pipeline.metricExporter &&
      boundedReader(
        new PeriodicExportingMetricReader({
          exporter: pipeline.metricExporter,
          exportIntervalMillis: config.metrics.intervalMs,
          exportTimeoutMillis: config.metrics.timeoutMs,
        }),
        boundsOf(config),
      ),
    status() {
      const stats = pipeline.stats();
      return {
        traces: statusOf('traces', stats),
        metrics: statusOf('metrics', stats),
        logs: statusOf('logs', stats),
      };
    },
  };
};
