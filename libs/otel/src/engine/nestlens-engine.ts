import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { diag } from '@opentelemetry/api';
import { createPipeline } from '@nestlens/otlp';
import type { DestinationOptions, PipelineOptions, PipelineStats } from '@nestlens/otlp';
import type { OtelConfig } from '../options/otel.config.js';
import { shownDestinations } from './destinations.js';
import type { ExportEngine, Signal, SignalStatus } from './engine.js';

const destinationOf = (config: OtelConfig, signal: Signal): DestinationOptions | undefined => {
  if (!config[signal].exporters.includes('otlp')) return undefined;
  const to = config.otlp[signal];
  return {
    // The pipeline speaks protobuf only; OTLP asks every collector that takes JSON to take it too.
    protocol: to.protocol === 'grpc' ? 'grpc' : 'http/protobuf',
    endpoint: to.url,
    headers: to.headers.reveal(),
    compression: to.compression === 'gzip' ? 'gzip' : 'identity',
    timeoutMs: to.timeoutMs,
    ...(to.tlsFiles && { tls: to.tlsFiles }),
  };
};

/** The last outcome as the counts and the breaker tell it: the pipeline keeps no other trace of it. */
class LastOutcome {
  #accepted = 0;
  #failed = 0;
  #last: SignalStatus['last'] = { outcome: 'none' };

  see(signal: Signal, { account, lanes }: PipelineStats): SignalStatus['last'] {
    const { accepted, rejected, dropped } = account[signal];
    const failed = rejected + Object.values(dropped).reduce((sum, items) => sum + items, 0);
    const lane = lanes.find(({ signals }) => signals.includes(signal));
    const at = Date.now();
    if (lane !== undefined && (lane.breaker.kind !== 'closed' || lane.retrying > 0)) {
      const reason = lane.breaker.kind === 'closed' ? 'retrying' : `breaker ${lane.breaker.kind}`;
      this.#last = { outcome: 'failed', at, reason };
    } else if (failed > this.#failed) {
      this.#last = { outcome: 'failed', at, reason: Object.keys(dropped).join(', ') || 'rejected' };
    } else if (accepted > this.#accepted || this.#last.outcome === 'failed') {
      this.#last = accepted > 0 ? { outcome: 'accepted', at } : { outcome: 'none' };
    }
    this.#accepted = accepted;
    this.#failed = failed;
    return this.#last;
  }
}

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
    temporality: config.metrics.temporality,
    warn: (cause, message) => diag.warn(`${cause}: ${message}`),
    ...overrides,
  });
  pipeline.start();
  const outcomes = {
    traces: new LastOutcome(),
    metrics: new LastOutcome(),
    logs: new LastOutcome(),
  };
  const statusOf = (signal: Signal, stats: PipelineStats): SignalStatus => {
    const { accepted, rejected, dropped, queued } = stats.account[signal];
    return { accepted, rejected, dropped, queued, last: outcomes[signal].see(signal, stats) };
  };
  return {
    name: 'nestlens',
    destinations: shownDestinations(config),
    spanProcessor: pipeline.spanProcessor,
    logRecordProcessor: pipeline.logRecordProcessor,
    metricReader:
      pipeline.metricExporter &&
      new PeriodicExportingMetricReader({
        exporter: pipeline.metricExporter,
        exportIntervalMillis: config.metrics.intervalMs,
        exportTimeoutMillis: config.metrics.timeoutMs,
        cardinalityLimits: { default: config.metrics.cardinalityLimit },
      }),
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
