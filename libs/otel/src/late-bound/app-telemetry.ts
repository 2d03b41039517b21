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

/** The providers of an app. A signal without a provider is off. */
export interface RealProviders {
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
  readonly loggerProvider?: LoggerProvider;
  /** The format in which context leaves and reaches the app. */
  readonly propagator?: TextMapPropagator;
  /**
   * Sends the ended items of a signal. Rejects if one did not reach the collector. Absent: there is nothing to send.
   */
  readonly flush?: (signal: Signal, timeoutMs: number) => Promise<void>;
}

/**
 * The telemetry of one app from its start to its end. A process may have several. Injected providers, and observers of
 * a part of the app, work through the stand-ins here; everything else goes by its context, see `GlobalProviders`.
 */
export class AppTelemetry {
  readonly tracers = new LateBoundTracerProvider((ms) => this.flush('traces', ms));
  readonly meters = new LateBoundMeterProvider((ms) => this.flush('metrics', ms));
  readonly loggers = new LateBoundLoggerProvider((ms) => this.flush('logs', ms));
  /** The context in which each request and call to this app begins. It holds only the app that they belong to. */
  readonly context: Context = withApp(EMPTY_CONTEXT, this);
  /** The counts of the items that the app has made since its start. */
  readonly made = new Made();
  /** `service.name`; undefined if the options do not name it. */
  service: string | undefined;
  readonly #endListeners = new Set<() => void>();
  #isRunning = false;
  #flush: RealProviders['flush'];

  /** True from the start of its providers to their last flush. */
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

  /** Sends the ended items of `signal`. Rejects if one did not reach the collector. */
  async flush(signal: Signal, timeoutMs: number = FLUSH_TIMEOUT_MS): Promise<void> {
    await this.#flush?.(signal, timeoutMs);
  }

  /** Runs the listeners of {@link onEnd}. After that the stand-ins that were handed out do nothing. Safe twice. */
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

  /**
   * Calls `listener` once at the end, after the last collection; it must not throw. Returns a function that removes
   * it.
   */
  onEnd(listener: () => void): () => void {
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }
}
