import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';
import { runPhase } from './phase-run.js';
import type { PhaseReport } from './phase-run.js';
import { ServiceState } from './service-state.js';
import { FLUSH_STEPS, ShutdownPhases } from './shutdown-phases.js';
import type { HandledPhaseName } from './shutdown-phases.js';
import { ShutdownRecord } from './shutdown-record.js';
import type { ShutdownConfig } from '../options/otel.config.js';

/** Injection token of the resolved {@link ShutdownConfig}. */
export const SHUTDOWN_SETTINGS = Symbol('nestlens.otel.shutdown.settings');

/** The deadline of handlers in phases without a length of their own. */
const GRACE_MS = 1000;
const EARLY_FLUSH_MS = 500;

/** The hook that Nest runs in `hooks`, in its order. */
type NestHook =
  | 'onModuleDestroy'
  | 'beforeApplicationShutdown'
  | 'closing servers, or onApplicationShutdown';

/**
 * The one ordered shutdown of an app. Nest drives it through {@link begin} and {@link finish}; when Nest gets stuck
 * between the two, it goes on by itself, so that telemetry is never lost to a hook that hangs.
 * Safe to call at any time and any number of times: all callers share one run.
 */
@Injectable()
export class ShutdownSequence {
  readonly #settings: ShutdownConfig;
  readonly #phases: ShutdownPhases;
  readonly #state: ServiceState;
  readonly #app: AppTelemetry;
  readonly #served = Promise.withResolvers<void>();
  readonly #hooksDone = Promise.withResolvers<void>();
  #run: Promise<void> | undefined;
  #record: ShutdownRecord | undefined;
  #nestIsIn: NestHook = 'onModuleDestroy';

  constructor(
    @Inject(SHUTDOWN_SETTINGS) settings: ShutdownConfig,
    phases: ShutdownPhases,
    state: ServiceState,
    app: AppTelemetry,
  ) {
    this.#settings = settings;
    this.#phases = phases;
    this.#state = state;
    this.#app = app;
    phases.register('drain', 'drain', (signal) =>
      sleep(settings.drainMs, undefined, { signal }).catch(() => undefined),
    );
  }

  /** The reports of the phases that have ended. */
  get reports(): readonly PhaseReport[] {
    return this.#record?.phases ?? [];
  }

  /** Phases 1 to 4; resolves when the last request has ended. Readiness is off before this returns. */
  begin(): Promise<void> {
    this.#run ??= this.#sequence();
    return this.#served.promise;
  }

  /** Nest has come to the end of its hooks: the rest. Resolves when all is done. */
  finish(): Promise<void> {
    void this.begin();
    this.#hooksDone.resolve();
    return this.#run ?? Promise.resolve();
  }

  /** Called by our hooks, which Nest calls after everyone else's. */
  nestIsIn(hook: NestHook): void {
    this.#nestIsIn = hook;
  }

  /** Sends the ended items, up to the first failure. There is no second attempt before Nest goes on. */
  async flushEarly(): Promise<void> {
    if (this.reports.some(({ phase }) => phase === 'hooks')) return;
    const signals = this.#phases.handlersOf('flush', FLUSH_STEPS.signals);
    await runPhase('flush', [signals], Math.min(EARLY_FLUSH_MS, this.#settings.flushMs));
  }

  async #sequence(): Promise<void> {
    const { drainMs, stopIntakeMs, inFlightMs, flushMs } = this.#settings;
    // 1 readiness-off  at once and before anything closes, so that load balancers look elsewhere
    this.#state.draining();
    const record = (this.#record = new ShutdownRecord(
      this.#app.tracers.getTracer(SCOPE_NAME, VERSION),
    ));
    record.draining(drainMs);
    record.add(await this.#phase('readiness-off', GRACE_MS));
    // 2 drain          load balancers need seconds to notice: go on serving, and ask clients to reconnect elsewhere
    record.add(await this.#phase('drain', drainMs + GRACE_MS));
    // 3 stop-intake    close listeners and idle connections, pause consumers
    record.add(await this.#phase('stop-intake', stopIntakeMs));
    // 4 in-flight, so that no request loses its database when the hooks close it
    record.add(await this.#phase('in-flight', inFlightMs));
    this.#served.resolve();
    // 5 hooks          Nest's own: onModuleDestroy, beforeApplicationShutdown, servers, onApplicationShutdown
    record.add(await this.#hooks());
    record.endSpan();
    // 6 flush          after everyone else, since everyone else makes telemetry until then
    record.add(await this.#phase('flush', flushMs));
    // 7 exit           close the management server, which has answered probes until now
    record.add(await this.#phase('exit', GRACE_MS));
    this.#state.stopped();
    record.summary();
    this.#forceExit();
  }

  #phase(phase: HandledPhaseName, deadlineMs: number): Promise<PhaseReport> {
    return runPhase(phase, this.#phases.stepsOf(phase), deadlineMs);
  }

  async #hooks(): Promise<PhaseReport> {
    const handler = { name: 'Nest', run: () => this.#hooksDone.promise };
    const report = await runPhase('hooks', [[handler]], this.#settings.hooksMs);
    return report.outcome === 'done' ? report : { ...report, left: [`stuck in ${this.#nestIsIn}`] };
  }

  /** Unreferenced: a process that can end by itself is not kept for it. */
  #forceExit(): void {
    const { forceExitMs } = this.#settings;
    if (forceExitMs <= 0) return;
    setTimeout(() => {
      new Logger('Shutdown').warn(
        `Still alive ${forceExitMs} ms after the shutdown: ended by force`,
      );
      process.exit(1);
    }, forceExitMs).unref();
  }
}
