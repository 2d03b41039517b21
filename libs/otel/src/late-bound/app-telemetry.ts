import type { Context } from '@opentelemetry/api';
import type {
  LoggerProvider,
  MeterProvider,
  TextMapPropagator,
  TracerProvider,
} from '@opentelemetry/api';
import type { Signal } from '@nestlens/otlp';
import { EMPTY_CONTEXT } from '../context/linked-context.js';
import { withApp } from './app-context.js';
import { FLUSH_TIMEOUT_MS } from './provider.js';
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
  /** Sends what there is of a signal. Rejects where something did not reach the collector. Absent: nothing to send. */
  readonly flush?: (signal: Signal, timeoutMs: number) => Promise<void>;
}

/**
 * The telemetry of one app from its start to its end. A process may have several. What Nest injects, and what observes
 * a part of the app, works through the stand-ins here; everything else goes by its context, see `GlobalProviders`.
 */
export class AppTelemetry {
  readonly tracers = new LateBoundTracerProvider((ms) => this.flush('traces', ms));
  readonly meters = new LateBoundMeterProvider((ms) => this.flush('metrics', ms));
  readonly loggers = new LateBoundLoggerProvider((ms) => this.flush('logs', ms));
  /** Where the context of each request and call to this app begins: it holds whose they are, and nothing else. */
  readonly context: Context = withApp(EMPTY_CONTEXT, this);
  /** What the app has made since its start. */
  readonly made = new Made();
  /** `service.name`, as far as the options name it. */
  service: string | undefined;
  readonly #endListeners = new Set<() => void>();
  #isRunning = false;
  #flush: RealProviders['flush'];

  /** Between the start of its providers and their last flush. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  start({ tracerProvider, meterProvider, loggerProvider, flush }: RealProviders): void {
    this.#isRunning = true;
    this.#flush = flush;
    if (tracerProvider !== undefined) this.tracers.fill(tracerProvider);
    if (meterProvider !== undefined) this.meters.fill(meterProvider);
    if (loggerProvider !== undefined) this.loggers.fill(loggerProvider);
  }

  /** Sends what there is of `signal`. Rejects where something did not reach the collector. */
  async flush(signal: Signal, timeoutMs: number = FLUSH_TIMEOUT_MS): Promise<void> {
    await this.#flush?.(signal, timeoutMs);
  }

  /** Runs what was given to {@link onEnd}; then nothing that was handed out does anything more. Safe twice. */
  end(): void {
    const listeners = [...this.#endListeners];
    this.#endListeners.clear();
    for (const listener of listeners) listener();
    this.#isRunning = false;
    this.#flush = undefined;
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
