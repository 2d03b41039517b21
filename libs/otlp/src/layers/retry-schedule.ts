import { Backoff } from '../send/backoff.js';
import type { Outcome } from '../send/outcome.js';
import type { Clock } from '../send/sender.js';
import type { BreakerView } from './breaker.js';
import { faultOf } from './fault.js';

interface PauseSettings {
  readonly initialMs: number;
  /** The first pause if the peer was healthy a moment ago. */
  readonly healthyInitialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly random: () => number;
}

/** A pause lasts from half as long to one and a half times as long. */
const JITTER = 0.5;
/** Two attempts to a failing peer start at least this far apart. */
export const MIN_GAP_MS = 100;
/** The longest pause that a peer may ask for. */
const MAX_ASKED_MS = 60_000;
/** A peer asks all its clients for the same pause at once: chance adds up to this share. */
const ASKED_JITTER = 0.25;
/** The longest pause of a shutdown. */
const HURRIED_MAX_MS = 1000;
/** A success this recent makes the peer a healthy one. */
const HEALTHY_MS = 1000;

/** Why a pause ended. */
export type PauseEnd = 'over' | 'stopped' | 'yielded' | 'aborted';

interface Following {
  readonly breaker: BreakerView | undefined;
  readonly budget: RetryBudget;
  readonly yields: () => boolean;
}

interface Pause {
  readonly notBefore: number;
  readonly end: (why: PauseEnd) => void;
  rearm: (at: number) => void;
}

/**
 * When the attempts of all batches to one peer may start. While the peer fails, any two attempts start at least 100 ms
 * apart; after a success they start as they come. It also holds the batches that wait between two attempts, oldest first.
 */
export class RetrySchedule {
  readonly #clock: Clock;
  readonly #settings: PauseSettings;
  readonly #waiting = new Set<Pause>();
  #failing = false;
  #succeededAt = -Infinity;
  #startedAt = -Infinity;

  constructor(clock: Clock, settings: PauseSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Wakes batches when the breaker changes, or gives them back if `yields`. Returns a function that ends this. */
  follow({ breaker, budget, yields }: Following): () => void {
    const unfollow = breaker?.onChange((state) => {
      if (state.kind === 'open' && yields()) this.endAll('yielded');
      if (state.kind === 'half-open' && !state.probing) this.wakeOne();
      if (state.kind === 'closed') {
        budget.refill();
        this.wakeAll();
      }
    });
    return unfollow ?? (() => {});
  }

  /** The pause after failure number `failures`, counted from 1: from 100 ms to `maxMs`. */
  pauseMs(failures: number, healthy: boolean): number {
    const { initialMs, healthyInitialMs } = this.#settings;
    return this.#growingMs(healthy ? healthyInitialMs : initialMs, this.#settings.maxMs, failures);
  }

  /** The pause of a shutdown after failure number `failures` of it: 100 ms growing to 1 s. */
  hurriedMs(failures: number): number {
    return this.#growingMs(MIN_GAP_MS, HURRIED_MAX_MS, failures);
  }

  /** The pause of a batch that has no token for a quick retry. */
  longestMs(): number {
    const { maxMs, random } = this.#settings;
    return maxMs * (1 - random() / 2);
  }

  /**
   * The pause that the peer asked for: at least that long, between 100 ms and 60 s. A negative value, or one that is no
   * number, asks for nothing.
   */
  askedMs(afterMs: number | undefined): number {
    if (afterMs === undefined || !(afterMs >= 0)) return MIN_GAP_MS;
    const jittered = afterMs * (1 + ASKED_JITTER * this.#settings.random());
    return Math.max(MIN_GAP_MS, Math.min(MAX_ASKED_MS, jittered));
  }

  #growingMs(firstMs: number, maxMs: number, failures: number): number {
    const { factor, random } = this.#settings;
    const capMs = maxMs / (1 + JITTER);
    const backoff = new Backoff({ firstMs, maxMs: capMs, factor, jitter: JITTER, random });
    return Math.max(MIN_GAP_MS, backoff.afterMs(failures));
  }

  /** When the next attempt may start. */
  earliest(): number {
    return this.#failing ? this.#startedAt + MIN_GAP_MS : -Infinity;
  }

  started(now: number): void {
    this.#startedAt = now;
  }

  /** Reads from a finished attempt whether the peer works. */
  learn(outcome: Outcome, now: number): void {
    const fault = faultOf(outcome);
    if (fault === 'own') return;
    this.#failing = fault !== 'none';
    if (fault === 'none') this.#succeededAt = now;
  }

  healthy(now: number): boolean {
    return now - this.#succeededAt <= HEALTHY_MS;
  }

  /** Batches that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Waits until `until`. A wake ends the wait sooner, but never before `notBefore`. */
  wait(until: number, notBefore: number, signal: AbortSignal): Promise<PauseEnd> {
    if (signal.aborted) return Promise.resolve('aborted');
    return new Promise((resolve) => {
      let cancel: () => void = () => {};
      const end = (why: PauseEnd): void => {
        cancel();
        this.#waiting.delete(pause);
        signal.removeEventListener('abort', onAbort);
        resolve(why);
      };
      function onAbort(): void {
        end('aborted');
      }
      const pause: Pause = {
        notBefore,
        end,
        rearm: (at) => {
          cancel();
          cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => end('over'));
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(pause);
      pause.rearm(Math.max(until, notBefore));
    });
  }

  /** Ends the pause of the batch that may go first. */
  wakeOne(): void {
    let first: Pause | undefined;
    for (const pause of this.#waiting) {
      if (pause.notBefore <= this.#clock.now()) return pause.end('over');
      if (first === undefined || pause.notBefore < first.notBefore) first = pause;
    }
    first?.rearm(first.notBefore);
  }

  wakeAll(): void {
    const now = this.#clock.now();
    for (const pause of this.#waiting) {
      if (pause.notBefore <= now) pause.end('over');
      else pause.rearm(pause.notBefore);
    }
  }

  /** Ends each pause at once, also before its `notBefore`. */
  endAll(why: PauseEnd): void {
    for (const pause of this.#waiting) pause.end(why);
  }
}

/**
 * Tokens for quick retries. Each first attempt earns a tenth of a token and each quick retry spends one, so a peer that
 * fails now and then sees at most a tenth more traffic. The budget never forbids a retry, because data is worth more than
 * traffic: a batch without a token waits the longest pause instead of a growing one. It never slows a recovery either:
 * when the breaker closes the budget is full again, and waiting batches are sent without a token.
 */
export class RetryBudget {
  readonly #earned: number;
  readonly #most: number;
  #tokens: number;

  /** Default: a tenth of a token for a first attempt, at most 10 saved up. Starts full. */
  constructor(earned = 0.1, most = 10) {
    this.#earned = earned;
    this.#most = most;
    this.#tokens = most;
  }

  earn(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#earned);
  }

  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  refill(): void {
    this.#tokens = this.#most;
  }
}
