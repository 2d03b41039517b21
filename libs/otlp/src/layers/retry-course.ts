import type { Outcome } from '../send/outcome.js';
import { retry, retryInParts } from '../send/outcome.js';
import type { Batch, Clock, Sender } from '../send/sender.js';
import { askedMs, backoffMs, MIN_GAP_MS } from './backoff.js';
import type { BackoffSettings } from './backoff.js';
import type { BreakerView } from './breaker.js';
import { ABORTED, BREAKER_OPEN, faultOf, mayHaveArrived, UNANSWERED } from './fault.js';
import type { PauseEnd, Pauses } from './pauses.js';
import type { PeerPace } from './peer-pace.js';
import type { RetryBudget } from './retry-budget.js';
import { beginTrail } from '../send/trail.js';
import type { Trail } from '../send/trail.js';

/** What all batches of one retry layer have in common. */
export interface RetryScene {
  readonly clock: Clock;
  readonly backoff: BackoffSettings;
  readonly maxElapsedMs: number;
  readonly breaker: BreakerView | undefined;
  readonly budget: RetryBudget;
  readonly pace: PeerPace;
  readonly pauses: Pauses;
  readonly paused: () => void;
  readonly yields: () => boolean;
  readonly divides: (batch: Batch) => boolean;
  readonly isInVain: () => boolean;
  stopping: boolean;
  /** While stopping: whether a failing peer is asked until the deadline. */
  persists: () => boolean;
  /** Of the attempt that failed last. */
  lastReason: string | undefined;
}

type Failure = Extract<Outcome, { kind: 'retry' }>;

/** Pauses of a shutdown. */
const HURRY = { initialMs: 100, maxMs: 1000 } as const;

/** The way of one batch through its attempts. */
export class RetryCourse {
  readonly #scene: RetryScene;
  readonly #next: Sender;
  readonly #batch: Batch;
  readonly #signal: AbortSignal;
  readonly #giveUpAt: number;
  #failures = 0;
  #healthyBefore = false;
  #last: Failure | undefined;
  #mayHaveArrived = false;
  #lastCall = false;
  /** Failures since the stack is stopping. */
  #lateFailures = 0;

  constructor(scene: RetryScene, next: Sender, batch: Batch, signal: AbortSignal) {
    this.#scene = scene;
    this.#next = next;
    this.#batch = batch;
    this.#signal = signal;
    this.#giveUpAt = scene.clock.now() + scene.maxElapsedMs;
  }

  async run(): Promise<Outcome> {
    const trail = beginTrail(this.#batch);
    this.#scene.budget.earn();
    for (;;) {
      while (!this.#signal.aborted && !this.#mayStart()) {
        if ((await this.#untilTurn()) === 'aborted') return this.#aborted();
      }
      if (this.#signal.aborted) return this.#aborted();
      trail.unsent = false;
      const outcome = await this.#next.send(this.#batch, this.#signal);
      if (outcome.kind !== 'retry' || outcome.reason !== BREAKER_OPEN) {
        trail.attempts += 1;
        trail.resent ||= this.#mayHaveArrived;
        this.#scene.pace.learn(outcome, this.#scene.clock.now());
      }
      if (outcome.kind !== 'retry') return outcome;
      if (this.#signal.aborted) {
        this.#doubt(outcome, trail);
        return this.#aborted();
      }
      if (outcome.reason !== BREAKER_OPEN) this.#failed(outcome, trail);
      if (this.#isOver(outcome) || this.#yields()) return this.#last ?? outcome;
      const end = await this.#pause(outcome);
      if (end === 'aborted') return this.#aborted();
      if (end === 'yielded') return this.#last ?? outcome;
      if (this.#scene.divides(this.#batch)) {
        trail.resent ||= this.#mayHaveArrived;
        return retryInParts((this.#last ?? outcome).reason);
      }
    }
  }

  /** Asked and acted on in one breath: what it has seen of breaker and pace is still so at the send. */
  #mayStart(): boolean {
    const { breaker, clock, pace, persists, stopping } = this.#scene;
    const state = breaker?.state();
    // What the breaker will answer itself takes no room.
    if (state?.kind === 'open' || (state?.kind === 'half-open' && state.probing)) return true;
    const now = clock.now();
    if ((!stopping || persists()) && pace.earliest() > now) return false;
    pace.started(now);
    return true;
  }

  #untilTurn(): Promise<PauseEnd> {
    const { clock, pace, pauses } = this.#scene;
    return pauses.wait(pace.earliest(), clock.now(), this.#signal);
  }

  /** The deadline of a shutdown came first. */
  #aborted(): Outcome {
    return retry(this.#mayHaveArrived ? UNANSWERED : ABORTED);
  }

  #doubt({ reason }: Failure, { unsent }: Trail): void {
    this.#mayHaveArrived ||= !unsent && mayHaveArrived(reason);
  }

  #failed(outcome: Failure, trail: Trail): void {
    this.#doubt(outcome, trail);
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#healthyBefore = this.#scene.pace.healthy(this.#scene.clock.now());
    }
    this.#last = outcome;
    this.#scene.lastReason = outcome.reason;
  }

  #yields(): boolean {
    const { breaker, stopping, yields } = this.#scene;
    return !stopping && breaker?.state().kind === 'open' && yields();
  }

  #isOver(outcome: Failure): boolean {
    if (!this.#scene.stopping) return this.#scene.clock.now() >= this.#giveUpAt;
    if (this.#persists(outcome)) return false;
    if (this.#lastCall || outcome.reason === BREAKER_OPEN || this.#scene.isInVain()) return true;
    this.#lastCall = true;
    return false;
  }

  /** What the peer asked for, or says of this batch alone, does not change before the deadline. */
  #persists(outcome: Failure): boolean {
    const { persists, stopping } = this.#scene;
    if (!stopping || !persists()) return false;
    return outcome.reason === BREAKER_OPEN || faultOf(outcome) === 'peer';
  }

  async #pause(outcome: Failure): Promise<PauseEnd> {
    const { clock, pauses, stopping } = this.#scene;
    const now = clock.now();
    if (this.#persists(outcome)) return this.#pauseInHurry(outcome, now);
    if (stopping) return pauses.wait(now + MIN_GAP_MS, now + MIN_GAP_MS, this.#signal);
    const end = await this.#pauseAsAsked(outcome, now);
    if (end !== 'stopped') return end;
    if (this.#scene.isInVain()) return 'yielded';
    this.#lastCall = !this.#persists(outcome);
    const soonest = now + MIN_GAP_MS;
    return soonest <= clock.now() ? 'over' : pauses.wait(soonest, soonest, this.#signal);
  }

  #pauseInHurry(outcome: Failure, now: number): Promise<PauseEnd> {
    const { backoff, pauses } = this.#scene;
    const { reason, afterMs } = outcome;
    if (reason === BREAKER_OPEN) {
      return pauses.wait(now + Math.max(1, afterMs ?? MIN_GAP_MS), now, this.#signal);
    }
    this.#lateFailures += 1;
    const pauseMs = backoffMs({ ...backoff, ...HURRY }, this.#lateFailures, false);
    const notBefore = now + askedMs(afterMs, backoff.random);
    return pauses.wait(now + pauseMs, notBefore, this.#signal);
  }

  #pauseAsAsked(outcome: Failure, now: number): Promise<PauseEnd> {
    const { backoff, paused, pauses } = this.#scene;
    const notBefore =
      outcome.reason === BREAKER_OPEN ? now : now + askedMs(outcome.afterMs, backoff.random);
    // The last attempt is made when time is up, not dropped because its pause would end later.
    const until = Math.min(now + this.#patienceMs(outcome), this.#giveUpAt);
    const pause = pauses.wait(until, notBefore, this.#signal);
    paused();
    return pause;
  }

  #patienceMs({ reason, afterMs = MIN_GAP_MS }: Failure): number {
    const { backoff, breaker, budget, divides } = this.#scene;
    const state = breaker?.state();
    if (state?.kind === 'half-open' && !state.probing) return 0;
    if (reason === BREAKER_OPEN) return Math.max(1, afterMs);
    // In parts it is not the same traffic once more.
    return divides(this.#batch) || budget.spend()
      ? backoffMs(backoff, this.#failures, this.#healthyBefore)
      : backoff.maxMs * (1 - backoff.random() / 2);
  }
}
