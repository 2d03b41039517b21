import type { LoggerProvider, MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { Signal } from '../engine/engine.js';
import { LateBoundLoggerProvider } from './logger.js';
import { LateBoundMeterProvider } from './meter.js';
import { GlobalSignal, logsSlot, metricsSlot, traceSlot } from './signal.js';
import type { Owner } from './signal.js';
import { LateBoundTracerProvider } from './tracer.js';

/** Whose provider the API hands out, by signal. */
export type Ownership = Readonly<Record<Signal, Owner>>;

export interface RealProviders {
  readonly tracerProvider?: TracerProvider;
  readonly meterProvider?: MeterProvider;
  readonly loggerProvider?: LoggerProvider;
}

/**
 * Our stand-ins as the API's global providers, and their way out and back while an SDK starts:
 *
 *     globalProviders.install();          // 1. at import: early tracers and instruments become ours
 *     globalProviders.claim();            // 2. step aside, or NodeSDK.start() could not register
 *     sdk.start();
 *     globalProviders.fillFromGlobals();  // 3. take the SDK's providers out, ours back in and filled
 *     ...
 *     globalProviders.release();          // 4. after the last flush: waiting for the next app
 *
 * 2 and 3 must be in one synchronous run. Signals that another SDK registered first are left to it.
 */
export class GlobalProviders {
  readonly #tracers = new LateBoundTracerProvider();
  readonly #meters = new LateBoundMeterProvider();
  readonly #loggers = new LateBoundLoggerProvider();
  readonly #traces = new GlobalSignal(traceSlot, this.#tracers);
  readonly #metrics = new GlobalSignal(metricsSlot, this.#meters);
  readonly #logs = new GlobalSignal(logsSlot, this.#loggers);
  readonly #releaseListeners = new Set<() => void>();

  /** Whether an app fills the stand-ins at the moment. */
  get filled(): boolean {
    return (
      this.#tracers.getDelegate() !== undefined ||
      this.#meters.getDelegate() !== undefined ||
      this.#loggers.getDelegate() !== undefined
    );
  }

  ownership(): Ownership {
    return this.#each((signal) => signal.owner());
  }

  /** Registers the stand-ins of all signals that nobody has registered. Safe to repeat. */
  install(): Ownership {
    return this.#each((signal) => signal.install());
  }

  /** Takes the stand-ins off the API, so that an SDK can register. Tells which signals it will get. */
  claim(): Ownership {
    return this.#each((signal) => signal.claim());
  }

  /**
   * Fills the stand-ins with what is registered now, and puts them back where they may be. `dressed` goes around a
   * meter provider that is not foreign.
   */
  fillFromGlobals(dressed?: (real: MeterProvider) => MeterProvider): Ownership {
    return {
      traces: this.#traces.fillFromGlobal(),
      metrics: this.#metrics.fillFromGlobal(dressed),
      logs: this.#logs.fillFromGlobal(),
    };
  }

  /** Fills by hand, from providers that were never registered. Installs the stand-ins if need be. */
  fillWith(real: RealProviders): Ownership {
    if (real.tracerProvider !== undefined) this.#tracers.fill(real.tracerProvider);
    if (real.meterProvider !== undefined) this.#meters.fill(real.meterProvider);
    if (real.loggerProvider !== undefined) this.#loggers.fill(real.loggerProvider);
    return this.install();
  }

  /** Empties the stand-ins, which stay registered. What was given to `onRelease` runs first. */
  release(): void {
    const listeners = [...this.#releaseListeners];
    this.#releaseListeners.clear();
    for (const listener of listeners) listener();
    this.#tracers.unfill();
    this.#meters.unfill();
    this.#loggers.unfill();
    this.install();
  }

  /** Calls `listener` once at the next release; it must not throw. Returns how to take it back. */
  onRelease(listener: () => void): () => void {
    this.#releaseListeners.add(listener);
    return () => this.#releaseListeners.delete(listener);
  }

  #each(act: <Provider>(signal: GlobalSignal<Provider>) => Owner): Ownership {
    return { traces: act(this.#traces), metrics: act(this.#metrics), logs: act(this.#logs) };
  }
}

// One per process even if the package is there twice: only one set of stand-ins can be registered.
const HOLDER_KEY = Symbol.for('nestlens.otel.global-providers');
const holder = globalThis as { [HOLDER_KEY]?: GlobalProviders };

/** The process's {@link GlobalProviders}. */
export const globalProviders: GlobalProviders = (holder[HOLDER_KEY] ??= new GlobalProviders());

/** Called once when the package is imported. */
export const installLateBoundProviders = (): Ownership => globalProviders.install();
