import type { Context } from '@opentelemetry/api';
import type {
  LoggerProvider,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from '@opentelemetry/api';
import { EMPTY_CONTEXT } from '../context/linked-context.js';
import { withApp } from './app-context.js';
import { LateBoundLoggerProvider } from './logger.js';
import { Made } from './made.js';
import { LateBoundMeterProvider } from './meter.js';
import { LateBoundTracerProvider } from './tracer.js';

/** What an app brings with it. What is absent is off. */
export interface RealProviders {
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
  readonly loggerProvider?: LoggerProvider;
  /** In what form context leaves and reaches the app. */
  readonly propagator?: TextMapPropagator;
}

/**
 * The telemetry of one app from its start to its end. A process may have several. What Nest injects, and what observes
 * a part of the app, works through the stand-ins here; everything else goes by its context, see `GlobalProviders`.
 */
export class AppTelemetry {
  readonly tracers = new LateBoundTracerProvider();
  readonly meters = new LateBoundMeterProvider();
  readonly loggers = new LateBoundLoggerProvider();
  /** Where the context of each request and call to this app begins: it holds whose they are, and nothing else. */
  readonly context: Context = withApp(EMPTY_CONTEXT, this);
  /** What the app has made since its start. */
  readonly made = new Made();
  /** `service.name`, as far as the options name it. */
  service: string | undefined;
  readonly #endListeners = new Set<() => void>();
  #isRunning = false;

  /** Between the start of its providers and their last flush. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  start({ tracerProvider, meterProvider, loggerProvider }: RealProviders): void {
    this.#isRunning = true;
    if (tracerProvider !== undefined) this.tracers.fill(tracerProvider);
    if (meterProvider !== undefined) this.meters.fill(meterProvider);
    if (loggerProvider !== undefined) this.loggers.fill(loggerProvider);
  }

  /** Runs what was given to {@link onEnd}; then nothing that was handed out does anything more. Safe twice. */
  end(): void {
    const listeners = [...this.#endListeners];
    this.#endListeners.clear();
    for (const listener of listeners) listener();
    this.#isRunning = false;
    this.tracers.unfill();
    this.meters.unfill();
    this.loggers.unfill();
  }

  /** Calls `listener` once at the end, after the last collection; it must not throw. Returns how to take it back. */
  onEnd(listener: () => void): () => void {
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }
}
