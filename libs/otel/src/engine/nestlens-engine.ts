import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MeterProvider } from '@opentelemetry/api';
import { boundedReader, createPipeline } from '@nestlens/otlp';
import type { ExporterState, PipelineOptions, PipelineStats, Signal } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import { globalProviders } from '../late-bound/globals.js';
import { aside } from '../context/contexts.js';
import type { OtelConfig } from '../options/otel.config.js';
import { boundsOf } from './bounds.js';
import { destinationsOf, shownDestinations } from './destinations.js';
import { encodeLimitsOf } from './encode-limits.js';
import type { ExportEngine, SignalStatus } from './engine.js';
import { pipelineMeter } from './pipeline-meter.js';

const lastOf = (last: PipelineStats['last'][Signal]): SignalStatus['last'] => {
  if (last === undefined) return { outcome: 'none' };
  const { at, outcome } = last;
  return outcome.kind === 'accepted' || outcome.kind === 'partial'
    ? { outcome: 'accepted', at }
    : { outcome: 'failed', at, reason: outcome.reason };
};

/** An operation ends when its retries do; until then the breaker and the retries tell. */
const troubleOf = ({ breaker, retrying, why }: ExporterState): string | undefined => {
  if (breaker.kind !== 'closed') return breaker.reason;
  return retrying > 0 ? (why ?? 'retrying') : undefined;
};

const statusOf = (signal: Signal, { ledger, last, exporters }: PipelineStats): SignalStatus => {
  const { accepted, rejected, dropped, queued, spooled, possibleDuplicates } = ledger[signal];
  const exporter = exporters.find(({ signals }) => signals.includes(signal));
  const trouble = exporter && troubleOf(exporter);
  return {
    accepted,
    rejected,
    dropped: { ...dropped },
    queued,
    spooled,
    possibleDuplicates,
    last:
      trouble === undefined
        ? lastOf(last[signal])
        : { outcome: 'failed', at: Date.now(), reason: trouble },
  };
};

/** Somebody reads metrics. */
const isMeasured = ({ metrics: { exporters, prometheusPath, readers } }: OtelConfig): boolean =>
  exporters.length + readers.length > 0 || prometheusPath !== undefined;

const pipelineOptionsOf = (config: OtelConfig, meters: MeterProvider): PipelineOptions => {
  const { self } = config.metrics;
  return {
    ...destinationsOf(config),
    isChecked: true,
    ...config.otlp.pipeline,
    encode: encodeLimitsOf(config),
    temporality: config.metrics.temporality,
    ...(self !== 'off' &&
      isMeasured(config) && { meter: pipelineMeter(meters), selfMetrics: self }),
    aside,
    // The module's own listener ends it, and tells of it.
    listensToExit: false,
    log: (level, line) => (level === 'info' ? diag.info(line) : diag.warn(line)),
  };
};

/** The engine `nestlens`: our own pipeline. Encodes when a span ends, sends from a thread of its own, retries. */
export const createNestlensEngine = (
  config: OtelConfig,
  overrides: Partial<PipelineOptions> = {},
  meters: MeterProvider = globalProviders.meters,
): ExportEngine => {
  const pipeline = createPipeline({ ...pipelineOptionsOf(config, meters), ...overrides });
  // With nowhere to send to, there is nothing for a thread to do.
  if (shownDestinations(config).length > 0) pipeline.start();
  let readUntil: AbortSignal | undefined;
  return {
    name: 'nestlens',
    destinations: shownDestinations(config),
    spanProcessor: pipeline.spanProcessor,
    logRecordProcessor: pipeline.logRecordProcessor,
    metricReader:
      pipeline.metricExporter &&
      boundedReader(
        new PeriodicExportingMetricReader({
          exporter: {
            ...pipeline.metricExporter,
            forceFlush: async () => void (await pipeline.flush(readUntil)),
          },
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
    liveSpans: () => pipeline.stats().liveSpans,
    sendsAtExit: () => pipeline.stats().runner === 'worker',
    exit: (timeoutMs) => void pipeline.exit(timeoutMs),
    async flush(signal) {
      await pipeline.flush(signal);
    },
    async readUntil(signal, read) {
      readUntil = signal;
      await read();
      if (readUntil === signal) readUntil = undefined;
    },
    async shutdown(signal) {
      await pipeline.shutdown(signal);
    },
  };
};
