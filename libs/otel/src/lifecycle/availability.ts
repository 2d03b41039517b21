import { Injectable, Logger } from '@nestjs/common';
import { warnOfFault } from '../faults/fault-log.js';
import { ServiceState } from './service-state.js';

/** `broken` asks Kubernetes to restart the container. */
export type LivenessState = 'correct' | 'broken';

/** `refusing` asks Kubernetes to send no traffic. */
export type ReadinessState = 'accepting' | 'refusing';

/** The app has changed its own liveness or readiness. */
export interface AvailabilityChange {
  readonly probe: 'liveness' | 'readiness';
  readonly state: LivenessState | ReadinessState;
  /** The reasons that hold now. Empty where the state is `correct` or `accepting`. */
  readonly reasons: readonly string[];
}

/**
 * The app's own word on its liveness and readiness. Inject it to refuse traffic for a while, to ask for a restart, or to
 * put off the end of the start until a warm-up is done. Several reasons may hold at a time; each ends by its own function.
 *
 * @example
 * const accept = availability.refuse('another instance is the leader');
 * election.once('won', accept);
 */
@Injectable()
export class Availability {
  readonly #state: ServiceState;
  readonly #logger = new Logger('Availability');
  readonly #refusals = new Set<{ readonly reason: string }>();
  readonly #breakages = new Set<{ readonly reason: string }>();
  readonly #listeners = new Set<(change: AvailabilityChange) => void>();

  constructor(state: ServiceState) {
    this.#state = state;
  }

  get liveness(): LivenessState {
    return this.#breakages.size === 0 ? 'correct' : 'broken';
  }

  /** `refusing` also before the service has started, and from the first step of its shutdown. */
  get readiness(): ReadinessState {
    return this.#state.name === 'ready' && this.#refusals.size === 0 ? 'accepting' : 'refusing';
  }

  /** Why the app itself refuses traffic; empty where it does not. */
  get refusals(): readonly string[] {
    return [...this.#refusals].map(({ reason }) => reason);
  }

  /** Why the app is broken; empty where it is not. */
  get breakages(): readonly string[] {
    return [...this.#breakages].map(({ reason }) => reason);
  }

  /**
   * The readiness probe answers 503 until the returned function is called. That function is safe to call twice.
   *
   * @param reason Stands in the log, and in the probe's body where that shows details. No secrets.
   */
  refuse(reason: string): () => void {
    return this.#add(this.#refusals, reason, () => ({
      probe: 'readiness',
      state: this.#refusals.size === 0 ? 'accepting' : 'refusing',
      reasons: this.refusals,
    }));
  }

  /**
   * The liveness probe answers 503 until the returned function is called, so that Kubernetes restarts the container. That
   * function is safe to call twice.
   *
   * @param reason Stands in the log, and in the probe's body where that shows details. No secrets.
   */
  breakDown(reason: string): () => void {
    return this.#add(this.#breakages, reason, () => ({
      probe: 'liveness',
      state: this.liveness,
      reasons: this.breakages,
    }));
  }

  /**
   * The service counts as starting until the returned function is called: `/startupz` and `/readyz` answer 503, while the
   * app listens and works. Call it before the app is ready: in a constructor, `onModuleInit` or `onApplicationBootstrap`.
   * Ignored after that. The returned function is safe to call twice.
   *
   * @param what The warm-up; stands in the log when it is done.
   */
  holdStart(what: string): () => void {
    const release = this.#state.hold(what);
    return () => {
      if (release()) this.#logger.log(`${what} is done`);
    };
  }

  /**
   * Calls `listener` when liveness or readiness changes by {@link refuse} or {@link breakDown}. What it throws is reported,
   * never passed on.
   *
   * @returns a function that removes the listener.
   */
  onChange(listener: (change: AvailabilityChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #add(
    reasons: Set<{ readonly reason: string }>,
    reason: string,
    changeOf: () => AvailabilityChange,
  ): () => void {
    const entry = { reason };
    reasons.add(entry);
    if (reasons.size === 1) this.#tell(changeOf());
    return () => {
      if (reasons.delete(entry) && reasons.size === 0) this.#tell(changeOf());
    };
  }

  #tell(change: AvailabilityChange): void {
    const { probe, state, reasons } = change;
    if (reasons.length > 0) this.#logger.warn(`${probe} is ${state}: ${reasons.join('; ')}`);
    else this.#logger.log(`${probe} is ${state} again`);
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        warnOfFault('A listener of availability failed', error);
      }
    }
  }
}
