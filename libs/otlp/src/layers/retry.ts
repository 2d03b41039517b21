import { refused, retry as retryLater, retryInParts } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock, Layer, Next } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { beginTrail, type Trail } from '../send/trail.js';
import type { BreakerView } from './breaker.js';
import { ABORTED, BREAKER_OPEN, CLOSED, faultOf, mayHaveArrived, UNANSWERED } from './fault.js';
import { MIN_GAP_MS, RetryBudget, RetrySchedule } from './retry-schedule.js';
import type { PauseEnd } from './retry-schedule.js';

export interface RetryOptions {
  /** First pause. Default: 1000. */
  readonly initialMs?: number;
  /** The first pause if the peer accepted something within the last second. Default: 500. */
  readonly healthyInitialMs?: number;
  /** Growth of the pause, 1.5 to 2. Default: 1.5. */
  readonly factor?: number;
  /** Longest pause. Default: 30000. */
  readonly maxMs?: number;
  /** From the first attempt to the last, pauses included. Default: 300000. */
  readonly maxElapsedMs?: number;
  /** The one below. With it a batch waits for the peer's return, not for the end of its own pause. */
  readonly breaker?: BreakerView;
  /** Default: a tenth of the traffic. */
  readonly budget?: RetryBudget;
  /**
   * Asked while the breaker is open. True: batches are not kept until it closes. They are given back as `retry` with
   * the reason of their last attempt, so that the caller can store them. Default: never.
   */
  readonly yields?: () => boolean;
  /**
   * Asked before a batch is sent again. True: it is given back as `retry` with `tooLarge` to the layer above, which
   * sends it in parts. Default: never.
   */
  readonly splits?: (batch: Batch) => boolean;
  /** Asked while stopping. True: no more attempts are made, since they would find no server. Default: never. */
  readonly isInVain?: () => boolean;
  /** Called when a batch begins to wait, so that another may take its place. Must not throw. */
  readonly paused?: () => void;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface Retry extends Layer {
  /** Batches between two attempts. */
  waiting(): number;
  /** Why the last attempt failed that did; undefined while no batch waits. */
  why(): string | undefined;
  /** Ends the pause of each batch that need not wait for the peer's sake. */
  wake(): void;
  /**
   * For the shutdown: no batch waits any more. Each gets one more attempt, at least 100 ms after its last. It gets none
   * if the breaker is open or `isInVain`. Then the caller gets its `retry`. While `persists` answers true (default:
   * never), a batch that meets a failure of the peer, or an open breaker, is tried again until its signal aborts, after
   * 100 ms growing to 1 s. There is no way back.
   */
  stopWaiting(persists?: () => boolean): void;
}

/**
 * Sends a batch again while its outcome is `retry`. Any other outcome goes back at once.
 *
 * - The pause grows from `initialMs` by `factor` to `maxMs`, half to one and a half times as long by chance.
 * - A pause that the peer asked for is kept: at least that long, never over 60 s.
 * - While a peer fails, attempts of all batches to it start at least 100 ms apart. The transport sends a request that
 *   the peer did not process (REFUSED_STREAM) again at once, within the attempt.
 * - While the breaker is open nothing is sent and no pause grows. When a probe is due, the oldest batch is sent. When
 *   the breaker closes, all batches are. With `yields` they are given back instead.
 * - After `maxElapsedMs` the answer is `retry` with the reason of the last attempt: to spool or to count.
 * - When the signal aborts the answer is `retry` `aborted`, at once.
 *
 * There is one retry layer for each stack, and one stack for each peer, since all batches share the state of the peer.
 * Source: OTLP specification, "OTLP/gRPC Throttling" and "OTLP/HTTP Throttling".
 */
export function retry(options: RetryOptions = {}): Retry {
  const clock = options.clock ?? systemClock;
  const schedule = new RetrySchedule(clock, {
    initialMs: options.initialMs ?? 1000,
    healthyInitialMs: options.healthyInitialMs ?? 500,
    factor: options.factor ?? 1.5,
    maxMs: options.maxMs ?? 30_000,
    random: options.random ?? Math.random,
  });
  const context: RetryContext = {
    clock,
    schedule,
    maxElapsedMs: options.maxElapsedMs ?? 300_000,
    breaker: options.breaker,
    budget: options.budget ?? new RetryBudget(),
    paused: options.paused ?? (() => {}),
    yields: options.yields ?? (() => false),
    splits: options.splits ?? (() => false),
    isInVain: options.isInVain ?? (() => false),
    stopping: false,
    persists: () => false,
    lastReason: undefined,
  };
  let unfollow: () => void = () => {};
  const layer: Layer = (next) => {
    unfollow();
    unfollow = schedule.follow(context);
    let closed = false;
    return {
      async send(batch, signal, trail = beginTrail()) {
        return closed ? refused(CLOSED) : new Attempts(context, next, batch, signal).run(trail);
      },
      async close() {
        if (!closed) {
          closed = true;
          unfollow();
          schedule.endAll('aborted');
        }
        await next.close();
      },
    };
  };
  return Object.assign(layer, {
    waiting: () => schedule.waiting,
    why: () => (schedule.waiting > 0 ? context.lastReason : undefined),
    wake: () => schedule.wakeAll(),
    stopWaiting: (persists?: () => boolean) => {
      context.stopping = true;
      if (persists !== undefined) context.persists = persists;
      schedule.endAll('stopped');
    },
  });
}

/** Common to all batches of one retry layer. */
interface RetryContext {
  readonly clock: Clock;
  readonly schedule: RetrySchedule;
  readonly maxElapsedMs: number;
  readonly breaker: BreakerView | undefined;
  readonly budget: RetryBudget;
  readonly paused: () => void;
  readonly yields: () => boolean;
  readonly splits: (batch: Batch) => boolean;
  readonly isInVain: () => boolean;
  stopping: boolean;
  /** While stopping: a failing peer is asked until the deadline. */
  persists: () => boolean;
  /** Why the latest failed attempt failed. */
  lastReason: string | undefined;
}

type Failure = Extract<Outcome, { kind: 'retry' }>;

/** The attempts of one batch. */
class Attempts {
  readonly #context: RetryContext;
  readonly #next: Next;
  readonly #batch: Batch;
  readonly #signal: AbortSignal;
  readonly #endsAt: number;
  #failures = 0;
  #healthyBefore = false;
  #last: Failure | undefined;
  #mayHaveArrived = false;
  #isLastAttempt = false;
  /** Failures since the shutdown began. */
  #lateFailures = 0;

  constructor(context: RetryContext, next: Next, batch: Batch, signal: AbortSignal) {
    this.#context = context;
    this.#next = next;
    this.#batch = batch;
    this.#signal = signal;
    this.#endsAt = context.clock.now() + context.maxElapsedMs;
  }

  async run(trail: Trail): Promise<Outcome> {
    const end = await this.#run(trail);
    if (end !== 'aborted') return end;
    return retryLater(this.#mayHaveArrived ? UNANSWERED : ABORTED);
  }

  async #run(trail: Trail): Promise<Outcome | 'aborted'> {
    const { budget, clock, schedule } = this.#context;
    budget.earn();
    trail.attempts = 0;
    for (;;) {
      while (!this.#signal.aborted && !this.#mayStart()) {
        const end = await schedule.wait(schedule.earliest(), clock.now(), this.#signal);
        if (end === 'aborted') return end;
      }
      if (this.#signal.aborted) return 'aborted';
      trail.unsent = false;
      const outcome = await this.#next.send(this.#batch, this.#signal, trail);
      if (outcome.kind !== 'retry' || outcome.reason !== BREAKER_OPEN) {
        trail.attempts = (trail.attempts ?? 0) + 1;
        trail.resent ||= this.#mayHaveArrived;
        schedule.learn(outcome, clock.now());
      }
      if (outcome.kind !== 'retry') return outcome;
      this.#mayHaveArrived ||= !trail.unsent && mayHaveArrived(outcome.reason);
      if (this.#signal.aborted) return 'aborted';
      if (outcome.reason !== BREAKER_OPEN) this.#failed(outcome);
      if (this.#isOver(outcome) || this.#yields()) return this.#last ?? outcome;
      const end = await this.#pause(outcome);
      if (end === 'aborted') return end;
      if (end === 'yielded') return this.#last ?? outcome;
      if (this.#context.splits(this.#batch)) {
        trail.resent ||= this.#mayHaveArrived;
        return retryInParts((this.#last ?? outcome).reason);
      }
    }
  }

  /** Runs in the turn of the send, so that breaker and schedule are still as it found them. */
  #mayStart(): boolean {
    const { breaker, clock, schedule, persists, stopping } = this.#context;
    const state = breaker?.state();
    // The breaker answers this one itself, so it takes no place in the schedule.
    if (state?.kind === 'open' || (state?.kind === 'half-open' && state.probing)) return true;
    const now = clock.now();
    if ((!stopping || persists()) && schedule.earliest() > now) return false;
    schedule.started(now);
    return true;
  }

  #failed(outcome: Failure): void {
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#healthyBefore = this.#context.schedule.healthy(this.#context.clock.now());
    }
    this.#last = outcome;
    this.#context.lastReason = outcome.reason;
  }

  #yields(): boolean {
    const { breaker, stopping, yields } = this.#context;
    return !stopping && breaker?.state().kind === 'open' && yields();
  }

  #isOver(outcome: Failure): boolean {
    if (!this.#context.stopping) return this.#context.clock.now() >= this.#endsAt;
    if (this.#persists(outcome)) return false;
    if (this.#isLastAttempt || outcome.reason === BREAKER_OPEN || this.#context.isInVain())
      return true;
    this.#isLastAttempt = true;
    return false;
  }

  /** A pause that the peer asked for, or a failure of this batch alone, does not change before the deadline. */
  #persists(outcome: Failure): boolean {
    const { persists, stopping } = this.#context;
    if (!stopping || !persists()) return false;
    return outcome.reason === BREAKER_OPEN || faultOf(outcome) === 'peer';
  }

  async #pause(outcome: Failure): Promise<PauseEnd> {
    const { clock, schedule, stopping } = this.#context;
    const now = clock.now();
    if (this.#persists(outcome)) return this.#pauseInHurry(outcome, now);
    if (stopping) return schedule.wait(now + MIN_GAP_MS, now + MIN_GAP_MS, this.#signal);
    const end = await this.#pauseAsAsked(outcome, now);
    if (end !== 'stopped') return end;
    if (this.#context.isInVain()) return 'yielded';
    this.#isLastAttempt = !this.#persists(outcome);
    const soonest = now + MIN_GAP_MS;
    return soonest <= clock.now() ? 'over' : schedule.wait(soonest, soonest, this.#signal);
  }

  #pauseInHurry(outcome: Failure, now: number): Promise<PauseEnd> {
    const { schedule } = this.#context;
    const { reason, afterMs } = outcome;
    if (reason === BREAKER_OPEN) {
      return schedule.wait(now + Math.max(1, afterMs ?? MIN_GAP_MS), now, this.#signal);
    }
    this.#lateFailures += 1;
    const until = now + schedule.hurriedMs(this.#lateFailures);
    return schedule.wait(until, now + schedule.askedMs(afterMs), this.#signal);
  }

  #pauseAsAsked(outcome: Failure, now: number): Promise<PauseEnd> {
    const { paused, schedule } = this.#context;
    const notBefore =
      outcome.reason === BREAKER_OPEN ? now : now + schedule.askedMs(outcome.afterMs);
    // The last attempt is made when time is up, not dropped because its pause would end later.
    const until = Math.min(now + this.#patienceMs(outcome), this.#endsAt);
    const pause = schedule.wait(until, notBefore, this.#signal);
    paused();
    return pause;
  }

  #patienceMs({ reason, afterMs = MIN_GAP_MS }: Failure): number {
    const { breaker, budget, splits, schedule } = this.#context;
    const state = breaker?.state();
    if (state?.kind === 'half-open' && !state.probing) return 0;
    if (reason === BREAKER_OPEN) return Math.max(1, afterMs);
    // A batch that is sent in parts is not the same traffic once more.
    return splits(this.#batch) || budget.spend()
      ? schedule.pauseMs(this.#failures, this.#healthyBefore)
      : schedule.longestMs();
  }
}
