import type { Context } from '@opentelemetry/api';
import { bindEarlyHandles, leaveSlot, makeReadable, takeSlot } from '../api/api-global.js';
import { slotOwner } from '../api/slot-owner.js';
import type { SlotOwner } from '../api/slot-owner.js';
import type { Signal } from '@nestlens/otlp';
import { contexts } from '../context/contexts.js';
import { NestlensTracerProvider } from '../tracer/nestlens-tracer-provider.js';
import type { NestlensTracerProviderOptions } from '../tracer/nestlens-tracer-provider.js';
import { showRandomFlag } from '../tracer/random-flag.js';
import { appOf } from './app-context.js';
import { AppTelemetry } from './app-telemetry.js';
import type { RealProviders } from './app-telemetry.js';
import { FLUSH_TIMEOUT_MS } from './provider.js';
import { LateBoundLoggerProvider } from './logger.js';
import { LateBoundMeterProvider } from './meter.js';
import { LateBoundPropagator } from './propagator.js';
import { LateBoundTracerProvider } from './tracer.js';

/** Another copy of this package may be older or newer: its stand-ins are shared only if they are made alike. */
const SHAPE = 3;

/** The owner of each part of the API. */
export type Ownership = Readonly<Record<Signal | 'context' | 'propagation', SlotOwner>>;

/**
 * Our stand-ins for tracers, meters, loggers and the propagator. They are the API's globals unless another SDK holds
 * those, and our own instrumentation works through them everywhere.
 *
 *     globalProviders.install();         // at import: early tracers and instruments become ours
 *     globalProviders.join(app, real);   // an app starts: stand-ins that were handed out work from now on
 *     globalProviders.leave(app);        // after its last flush: the others go on, or all waits for the next app
 *
 * With one app, all goes to it. With several, each span, measurement and record goes to the app whose request or call
 * it was made in, and outside of any to the first of {@link apps}.
 */
export class GlobalProviders {
  readonly tracers = new LateBoundTracerProvider((ms) => this.flush('traces', ms));
  readonly meters = new LateBoundMeterProvider((ms) => this.flush('metrics', ms));
  readonly loggers = new LateBoundLoggerProvider((ms) => this.flush('logs', ms));
  readonly propagator = new LateBoundPropagator();
  /** @internal */
  readonly shape = SHAPE;
  readonly #recordings: RealProviders[] = [];
  #apps = new Set<AppTelemetry>();
  /** The apps that start and have not come up. A failed start stays here, because nothing reports it. */
  readonly #starting = new Set<AppTelemetry>();
  /** Replaces the apps while {@link fillWith} holds. */
  readonly byHand = new AppTelemetry();

  /** The running apps: those that are up, the longest first, then those that start, the one that last went on first. */
  get apps(): readonly AppTelemetry[] {
    return [...this.#apps];
  }

  /** Returns true if work in `context` belongs to `app`. A single app owns all work. */
  isOf(context: Context, app: AppTelemetry): boolean {
    // An app whose start has failed still hears of work in the process.
    return app.isRunning && (this.#apps.size < 2 || this.appIn(context) === app);
  }

  /** The app to which work in `context` belongs; `undefined` while none runs. */
  appIn(context: Context): AppTelemetry | undefined {
    const [oldest] = this.#apps;
    if (this.#apps.size < 2) return oldest;
    return (appOf(context) as AppTelemetry | undefined) ?? oldest;
  }

  /** The owners of the objects that the API hands out. */
  ownership(): Ownership {
    return {
      traces: slotOwner('trace', this.tracers),
      metrics: slotOwner('metrics', this.meters),
      logs: slotOwner('logs', this.loggers),
      context: contexts.areOurs() ? { kind: 'ours' } : slotOwner('context', undefined),
      propagation: slotOwner('propagation', this.propagator),
    };
  }

  /** Registers the stand-ins in each free slot of the API. Safe to repeat. */
  install(): void {
    makeReadable();
    bindEarlyHandles(this.tracers, this.loggers);
    showRandomFlag(takeSlot('trace', this.tracers));
    takeSlot('metrics', this.meters);
    takeSlot('logs', this.loggers);
  }

  /** Returns true if the app is the first of {@link apps}. */
  isFirst(app: AppTelemetry): boolean {
    return this.apps[0] === app;
  }

  /** The apps that are up. */
  get up(): readonly AppTelemetry[] {
    return this.apps.filter((app) => !this.#starting.has(app));
  }

  /** A start goes on: it stands before all others that have not come up. */
  goesOn(app: AppTelemetry): void {
    if (!this.#starting.delete(app)) return;
    this.#starting.add(app);
    this.#arrange();
  }

  /** The app has started to listen, or to bootstrap if it serves no requests. Safe to call twice. */
  comesUp(app: AppTelemetry): void {
    if (!this.#starting.delete(app)) return;
    // Its place is behind the apps that came up before.
    this.#apps.delete(app);
    this.#apps = new Set([...this.up, app, ...this.#starting]);
    this.#arrange();
  }

  #arrange(): void {
    this.#apps = new Set([...this.up, ...[...this.#starting].toReversed()]);
    for (const part of [this.tracers, this.meters, this.loggers, this.propagator]) {
      part.arrange(this.#apps);
    }
  }

  /**
   * An app starts with the providers of its own, and with them our context manager and propagator. `starting`: it may
   * fail, and stands behind until {@link comesUp}. Safe to repeat.
   */
  join(app: AppTelemetry, real: RealProviders, as: 'up' | 'starting' = 'up'): void {
    this.#apps.add(app);
    if (as === 'starting') this.#starting.add(app);
    app.start(real);
    if (real.tracerProvider !== undefined) this.tracers.fill(real.tracerProvider, app);
    if (real.meterProvider !== undefined) this.meters.fill(real.meterProvider, app);
    if (real.loggerProvider !== undefined) this.loggers.fill(real.loggerProvider, app);
    if (real.propagator !== undefined) this.propagator.fill(real.propagator, app);
    this.install();
    contexts.register();
    takeSlot('propagation', this.propagator);
    this.#arrange();
  }

  /**
   * The app has ended. Its providers are removed; with the last app, context manager and propagator too. Safe twice.
   */
  leave(app: AppTelemetry): void {
    if (!this.#apps.delete(app)) return;
    this.#starting.delete(app);
    app.end();
    this.tracers.unfill(app);
    this.meters.unfill(app);
    this.loggers.unfill(app);
    this.propagator.unfill(app);
    if (this.#apps.size === 0) {
      leaveSlot('propagation', this.propagator);
      contexts.unregister();
    }
    this.install();
  }

  /** Sends the ended items of `signal` in every app. Rejects with the first reason if an item was not taken. */
  async flush(signal: Signal, timeoutMs: number = FLUSH_TIMEOUT_MS): Promise<void> {
    const flushed = await Promise.allSettled(this.apps.map((app) => app.flush(signal, timeoutMs)));
    const failed = flushed.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * For a recording in tests: all that was handed out works through `real`, also where apps run, until
   * {@link release}. The recording brings a context manager of its own.
   */
  fillWith(real: RealProviders): void {
    this.#recordings.push(real);
    this.byHand.start(real);
    this.#take(real);
    this.install();
  }

  /** A provider of our own tracer, for a recording in tests. */
  // oxlint-disable-next-line typescript/class-methods-use-this
  createTracerProvider(options: NestlensTracerProviderOptions): NestlensTracerProvider {
    return new NestlensTracerProvider(options);
  }

  /** Reverts the last {@link fillWith}. */
  release(): void {
    this.#recordings.pop();
    const before = this.#recordings.at(-1);
    this.byHand.end();
    if (before !== undefined) this.byHand.start(before);
    this.#take(before ?? {});
    this.install();
  }

  #take(real: RealProviders): void {
    this.tracers.take(real.tracerProvider);
    this.meters.take(real.meterProvider);
    this.loggers.take(real.loggerProvider);
    this.propagator.take(real.propagator);
  }
}

const HOLDER_KEY = Symbol.for('nestlens.otel.global-providers');

// One per process even if the package is there twice: only one set of stand-ins can be registered.
const shared = (): GlobalProviders => {
  const holder = globalThis as { [HOLDER_KEY]?: GlobalProviders };
  const found = holder[HOLDER_KEY];
  if (found?.shape === SHAPE) return found;
  const own = new GlobalProviders();
  holder[HOLDER_KEY] ??= own;
  return own;
};

/** The process's {@link GlobalProviders}. @internal */
export const globalProviders: GlobalProviders = shared();

/** Called once when the package is imported. */
export const installLateBoundProviders = (): void => globalProviders.install();
