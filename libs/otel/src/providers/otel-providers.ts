import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConsoleLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import { boundedReader } from '@nestlens/otlp';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { aside } from '../context/contexts.js';
import type { OtelConfig } from '../options/otel.config.js';
import type { Signal } from '@nestlens/otlp';
import type { ExportEngine } from '../engine/engine.js';
import { untilFailing } from '../engine/failing.js';
import type { AppTelemetry, RealProviders } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import { NO_PROPAGATOR } from '../late-bound/propagator.js';
import { boundedMeters, boundsOf, scrapedBoundsOf } from '../engine/bounds.js';
import { buildPropagator } from './propagator.js';
import { buildResource } from './resource.js';
import { buildTracerProvider } from './tracer-provider.js';

const defined = <T>(values: readonly (T | undefined)[]): T[] =>
  values.filter((value): value is T => value !== undefined);

const spanProcessorsOf = async ({ traces }: OtelConfig): Promise<readonly SpanProcessor[]> => {
  if (!traces.exporters.includes('console')) return traces.processors;
  const { ConsoleSpanExporter, SimpleSpanProcessor } = await import('@opentelemetry/sdk-trace');
  const toConsole = new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
  return [...traces.processors, toConsole];
};

const logProcessorsOf = ({ logs }: OtelConfig): LogRecordProcessor[] =>
  defined([
    ...logs.processors,
    logs.exporters.includes('console')
      ? new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() })
      : undefined,
  ]);

/** Loaded when `OTEL_METRICS_EXPORTER` names it. */
const prometheusReader = async (config: OtelConfig): Promise<IMetricReader> => {
  const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus');
  return boundedReader(
    new PrometheusExporter(config.metrics.prometheusServer),
    scrapedBoundsOf(config),
  );
};

const metricReadersOf = async (
  config: OtelConfig,
  engine: ExportEngine,
  further: readonly IMetricReader[],
): Promise<IMetricReader[]> => {
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
    metrics.exporters.includes('prometheus') ? await prometheusReader(config) : undefined,
    engine.metricReader,
  ]);
};

const ITEMS: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'data points',
  logs: 'log records',
};

/** The number of items that the collector rejected or the engine dropped. */
const lostOf = (engine: ExportEngine | undefined, signal: Signal): number => {
  const status = engine?.status()[signal];
  if (status === undefined) return 0;
  return Object.values(status.dropped).reduce((sum, count) => sum + count, status.rejected);
};

const always = (): boolean => true;

/** The parts of a running SDK, and the order in which they are emptied. */
export class OtelProviders {
  readonly #app: AppTelemetry;
  readonly #engine: ExportEngine | undefined;
  /** The processors of the user and of the console, without those of the engine. */
  readonly #processors: readonly (SpanProcessor | LogRecordProcessor)[];
  readonly #metricReaders: readonly IMetricReader[];

  private constructor(
    app: AppTelemetry,
    engine: ExportEngine | undefined,
    processors: readonly (SpanProcessor | LogRecordProcessor)[],
    metricReaders: readonly IMetricReader[],
  ) {
    this.#app = app;
    this.#engine = engine;
    this.#processors = processors;
    this.#metricReaders = metricReaders;
  }

  /**
   * Builds the providers from the configuration and starts `app` with them. Called once, while Nest makes the module's
   * providers. A signal without exporters has providers all the same: spans have ids and context travels.
   *
   * 1. Resource: every later part carries it.
   * 2. Logs, traces, metrics: the processors and readers, our engine last, so that a user's processor
   *    has had its say before a span leaves.
   * 3. The app joins those of the process: earlier handles are bound to these providers.
   */
  static async start(
    config: OtelConfig,
    engine: ExportEngine,
    furtherReaders: readonly IMetricReader[],
    app: AppTelemetry,
  ): Promise<OtelProviders> {
    app.service = config.service.name;
    const propagator = (await buildPropagator(config.traces.propagators)) ?? NO_PROPAGATOR;
    if (config.disabled) {
      globalProviders.join(app, { propagator }, 'starting');
      // No SDK was bound, so there is nothing to flush.
      return new OtelProviders(app, undefined, [], []);
    }
    const resource = buildResource(config.resource);

    const logProcessors = logProcessorsOf(config);
    const spanProcessors = await spanProcessorsOf(config);
    const metricReaders = await metricReadersOf(config, engine, furtherReaders);

    // Without a reader, instruments that do nothing suffice.
    const meterProvider =
      metricReaders.length === 0 ? undefined : boundedMeters(config, resource, metricReaders);
    const measured = config.metrics.sdk && meterProvider !== undefined ? { meterProvider } : {};
    const providers = new OtelProviders(
      app,
      engine,
      [...spanProcessors, ...logProcessors],
      metricReaders,
    );
    const real: RealProviders = {
      propagator,
      flush: (signal, timeoutMs) => providers.#forceFlush(signal, timeoutMs),
      loggerProvider: new LoggerProvider({
        resource,
        processors: defined([...logProcessors, engine.logRecordProcessor]),
        logRecordLimits: config.logs.limits,
        ...measured,
      }),
      tracerProvider: await buildTracerProvider(config.traces, {
        resource,
        spanProcessors: defined([...spanProcessors, engine.spanProcessor]),
        ...measured,
      }),
      ...(meterProvider && { meterProvider }),
    };
    globalProviders.join(app, real, 'starting');
    return providers;
  }

  /**
   * Sends what has ended. Resolves when it is settled; a failed export is counted, not thrown. `first-failure`: does
   * not wait for batches that wait for another attempt, since the shutdown decides on them.
   */
  async flushTracesAndLogs(
    signal: AbortSignal,
    until: 'deadline' | 'first-failure' = 'first-failure',
  ): Promise<void> {
    const over = new AbortController();
    const engine = this.#engine;
    const flushed = Promise.allSettled([
      ...this.#processors.map((processor) => processor.forceFlush()),
      engine?.flush(AbortSignal.any([signal, over.signal])),
    ]);
    if (engine !== undefined && until === 'first-failure') {
      void untilFailing(engine, ['traces', 'logs'], over.signal).then(() => over.abort());
    }
    await flushed;
    over.abort();
  }

  /** Something of them sends nothing any more once `process.exit()` was called. */
  needsFlushBeforeExit(): boolean {
    return this.#processors.length > 0 || this.#engine?.sendsAtExit() === false;
  }

  /**
   * A flush that a user asks for, in the middle of the app's life:
   *
   * 1. For metrics, a collection, which is handed to the engine.
   * 2. The users' processors, then the engine, which comes to an end with all signals.
   */
  async #forceFlush(signal: Signal, timeoutMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const late = once(deadline, 'abort');
    const before = lostOf(this.#engine, signal);
    const parts = signal === 'metrics' ? this.#metricReaders : this.#processors;
    await Promise.race([aside(() => Promise.all(parts.map((part) => part.forceFlush()))), late]);
    await Promise.race([this.#engine?.flush(deadline), late]);
    const lost = lostOf(this.#engine, signal) - before;
    if (lost > 0) throw new Error(`${lost} ${ITEMS[signal]} were lost on the way to the collector`);
    if (deadline.aborted) throw new Error(`Not all ${signal} were sent within ${timeoutMs} ms`);
  }

  /**
   * Closes the processors and the engine of traces and logs, and flushes the latest items, in about `timeoutMs`:
   *
   * 1. The users' processors, a quarter of it: items that they hold back may come to the engine now. One that hangs is
   *    left.
   * 2. The engine, half of it. The rest is for dropping and counting the remaining items; an engine that takes even
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
   * Collects and exports the last metrics, which include the export of the last traces and logs. Readers that still wait
   * for a collector when `signal` aborts are left, and reported: the engine has their metrics, and is closed next. The
   * engine's own reader is left too if its metrics wait for another attempt.
   */
  async closeMetrics(signal: AbortSignal): Promise<string | undefined> {
    let open = this.#metricReaders.length;
    const closing = this.#eachReader(signal, 'first-failure', (reader) => reader.shutdown());
    await Promise.all(closing.map((closed) => closed.then((ended) => (open -= ended ? 1 : 0))));
    return open > 0 ? `${open} readers had not ended` : undefined;
  }

  /** Collects and exports the metrics of now. Readers that still wait when `signal` aborts are left. */
  async flushMetrics(signal: AbortSignal, until: 'deadline' | 'first-failure'): Promise<void> {
    await Promise.all(this.#eachReader(signal, until, (reader) => reader.forceFlush()));
  }

  /** Each resolves to true if it was done before `signal` aborted. None rejects. */
  #eachReader(
    signal: AbortSignal,
    until: 'deadline' | 'first-failure',
    run: (reader: IMetricReader) => Promise<void>,
  ): Promise<boolean>[] {
    return this.#metricReaders.map(async (reader) => {
      const over = new AbortController();
      const deadline = AbortSignal.any([signal, over.signal]);
      const late = once(deadline, 'abort').then(() => false);
      const engine = this.#engine;
      const isOwn = engine?.metricReader === reader;
      const read = (): Promise<void> => run(reader).catch(() => undefined);
      const done = isOwn && engine.readUntil ? engine.readUntil(deadline, read) : read();
      const ways = [done.then(always), late];
      if (signal.aborted) ways.push(Promise.resolve(false));
      if (isOwn && until === 'first-failure') {
        ways.push(untilFailing(engine, ['metrics'], over.signal).then(always));
      }
      const isDone = await Promise.race(ways);
      over.abort();
      return isDone;
    });
  }

  /** The app's telemetry has ended; that of others in this process goes on. Safe twice. */
  release(): void {
    globalProviders.leave(this.#app);
  }
}
