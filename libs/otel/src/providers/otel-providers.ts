import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { context, propagation } from '@opentelemetry/api';
import { ConsoleLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { boundedReader } from '@nestlens/otlp';
import { ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { AsyncContextManager } from '../context/async-context-manager.js';
import type { OtelConfig } from '../options/otel.config.js';
import type { ExportEngine } from '../engine/engine.js';
import { globalProviders } from '../late-bound/globals.js';
import { boundedMeters, boundedViews, boundsOf, scrapedBoundsOf } from '../metrics/bounds.js';
import { buildPropagator } from './propagator.js';
import { buildResource } from './resource.js';
import { buildSampler } from './sampler.js';

const defined = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((value): value is T => value !== undefined);

const spanProcessorsOf = ({ traces }: OtelConfig): SpanProcessor[] =>
  defined([
    ...traces.processors,
    traces.exporters.includes('console')
      ? new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })
      : undefined,
  ]);

const logProcessorsOf = ({ logs }: OtelConfig): LogRecordProcessor[] =>
  defined([
    ...logs.processors,
    logs.exporters.includes('console')
      ? new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() })
      : undefined,
  ]);

const metricReadersOf = (
  config: OtelConfig,
  engine: ExportEngine,
  further: readonly IMetricReader[],
): IMetricReader[] => {
  const { metrics } = config;
  return defined([
    ...metrics.readers,
    ...further,
    metrics.exporters.includes('console')
      ? boundedReader(
          new PeriodicExportingMetricReader({
            exporter: new ConsoleMetricExporter(),
            exportIntervalMillis: metrics.intervalMs,
            exportTimeoutMillis: metrics.timeoutMs,
          }),
          boundsOf(config),
        )
      : undefined,
    metrics.exporters.includes('prometheus')
      ? boundedReader(new PrometheusExporter(metrics.prometheusServer), scrapedBoundsOf(config))
      : undefined,
    engine.metricReader,
  ]);
};

/** The parts of a running SDK, and the order in which they are emptied. */
export class OtelProviders {
  readonly #engine: ExportEngine | undefined;
  /** All but the engine's. */
  readonly #processors: readonly (SpanProcessor | LogRecordProcessor)[];
  readonly #metricReaders: readonly IMetricReader[];
  #released = false;

  private constructor(
    engine: ExportEngine | undefined,
    processors: readonly (SpanProcessor | LogRecordProcessor)[],
    metricReaders: readonly IMetricReader[],
  ) {
    this.#engine = engine;
    this.#processors = processors;
    this.#metricReaders = metricReaders;
  }

  /**
   * Builds and registers the providers from the configuration. Called once, while Nest makes the
   * module's providers.
   *
   * 1. Resource: every later part carries it.
   * 2. Logs, traces, metrics: the processors and readers, our engine last, so that a user's processor
   *    has had its say before a span leaves.
   * 3. Propagators.
   * 4. NodeSDK assembles and registers them; what was created before is bound to them.
   */
  static start(
    config: OtelConfig,
    engine: ExportEngine,
    furtherReaders: readonly IMetricReader[],
    variables: NodeJS.ProcessEnv,
  ): OtelProviders {
    const resource = buildResource(config.resource, variables);

    const logProcessors = logProcessorsOf(config);
    const spanProcessors = spanProcessorsOf(config);
    const metricReaders = metricReadersOf(config, engine, furtherReaders);

    const propagator = buildPropagator(config.traces.propagators);

    // A foreign context manager cannot be entered, only called; ours does all that it does.
    context.disable();
    propagation.disable();
    const sdk = new NodeSDK({
      resource,
      autoDetectResources: false,
      logRecordProcessors: defined([...logProcessors, engine.logRecordProcessor]),
      spanProcessors: defined([...spanProcessors, engine.spanProcessor]),
      sampler: buildSampler(config.traces.sampler),
      spanLimits: config.traces.limits,
      ...(config.traces.idGenerator && { idGenerator: config.traces.idGenerator }),
      metricReaders,
      views: boundedViews(config),
      contextManager: new AsyncContextManager(),
      textMapPropagator: propagator,
    });
    if (config.disabled) {
      context.setGlobalContextManager(new AsyncContextManager());
      if (propagator !== null) propagation.setGlobalPropagator(propagator);
      // Nothing was bound to an SDK, so there is nothing to flush.
      return new OtelProviders(undefined, [], []);
    }
    globalProviders.claim();
    sdk.start();
    globalProviders.fillFromGlobals((real) => boundedMeters(real, config));
    return new OtelProviders(engine, [...spanProcessors, ...logProcessors], metricReaders);
  }

  /** Sends what has ended. Resolves when it is settled; a failed export is counted, not thrown. */
  async flushTracesAndLogs(signal: AbortSignal): Promise<void> {
    await Promise.allSettled([
      ...this.#processors.map((processor) => processor.forceFlush()),
      this.#engine?.flush(signal),
    ]);
  }

  /**
   * Closes what is behind traces and logs, flushing what came since, in about `timeoutMs`:
   *
   * 1. The users' processors, a quarter of it: what they hold back may come to the engine now. One that hangs is left.
   * 2. The engine, half of it. The rest is for giving up what is left then, and counting it; an engine that takes even
   *    longer is left, since the line at exit has to come in time.
   */
  async closeTracesAndLogs(timeoutMs: number): Promise<void> {
    const closed = this.#processors.map((processor) => processor.shutdown());
    const until = (share: number): Promise<void> =>
      sleep(timeoutMs * share, undefined, { ref: false });
    const late = until(0.85);
    await Promise.race([Promise.allSettled(closed), until(0.25)]);
    const deadline = AbortSignal.timeout(Math.ceil(timeoutMs / 2));
    await Promise.race([this.#engine?.shutdown(deadline), late]);
  }

  /**
   * Collects and exports the last metrics, which hold what the last traces and logs did to them. Readers that still
   * wait for a collector when `signal` aborts are left: what they collected is the engine's, which is closed next.
   */
  async closeMetrics(signal: AbortSignal): Promise<void> {
    const closed = Promise.allSettled(this.#metricReaders.map((reader) => reader.shutdown()));
    await Promise.race([closed, once(signal, 'abort')]);
  }

  /** Gives the API's globals back, for the next app in this process. Safe twice. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    globalProviders.release();
    context.disable();
    propagation.disable();
  }
}
