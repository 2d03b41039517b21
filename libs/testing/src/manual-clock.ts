/** What code takes that must be tested without waiting. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Runs `run` once, after `delayMs`. */
  setTimeout(run: () => void, delayMs: number): ClockTimer;
  /** Safe with timers that ran or were cleared. */
  clearTimeout(timer: ClockTimer | undefined): void;
}

/** What `clearTimeout` takes. */
export type ClockTimer = object;

/** The real one. Its timers keep the process alive as Node's do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

interface Pending {
  readonly at: number;
  readonly run: () => void;
}

/** Time passes when the test says so. */
export class ManualClock implements Clock {
  #now: number;
  #pending: Pending[] = [];

  /** Default: 0. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.#pending.length;
  }

  /** From now to the next timer in ms; undefined where there is none. */
  get nextDelayMs(): number | undefined {
    const [next] = this.#pending;
    return next === undefined ? undefined : next.at - this.#now;
  }

  now(): number {
    return this.#now;
  }

  /** Runs `run` once the clock was moved that far. */
  setTimeout(run: () => void, delayMs: number): ClockTimer {
    const timer: Pending = { at: this.#now + Math.max(0, delayMs), run };
    const later = this.#pending.findIndex((other) => other.at > timer.at);
    this.#pending.splice(later === -1 ? this.#pending.length : later, 0, timer);
    return timer;
  }

  clearTimeout(timer: ClockTimer | undefined): void {
    this.#pending = this.#pending.filter((other) => other !== timer);
  }

  /**
   * Lets `ms` pass. Timers run when they are due, those of one moment in the order in which they were set; after
   * each, promises and immediates that follow from it run too, and may set timers that are still due.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turn();
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await turn();
    }
    this.#now = end;
  }

  #due(end: number): Pending | undefined {
    const [next] = this.#pending;
    return next !== undefined && next.at <= end ? this.#pending.shift() : undefined;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
