/** The clock of code that must be tested without waiting. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never decreases. */
  now(): number;
  /** Runs `run` once, after `delayMs`. */
  setTimeout(run: () => void, delayMs: number): ClockTimer;
  /** Clears a timer. Safe for timers that have run or were cleared. */
  clearTimeout(timer: ClockTimer | undefined): void;
}

/** The result of `setTimeout`, for `clearTimeout`. */
export type ClockTimer = object;

/** The real clock. Its timers keep the process alive, like Node's. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

interface Pending {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that moves only when the test says so. */
export class ManualClock implements Clock {
  #now: number;
  #pending: Pending[] = [];

  /** The time at the start, in ms. Default: 0. */
  constructor(startMs = 0) {
    this.#now = startMs;
  }

  /** Number of timers that have not run. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Time from now to the next timer, in ms; undefined if there is none. */
  get nextDelayMs(): number | undefined {
    const [next] = this.#pending;
    return next === undefined ? undefined : next.at - this.#now;
  }

  now(): number {
    return this.#now;
  }

  /** Runs `run` once the clock has moved by `delayMs`. */
  setTimeout(run: () => void, delayMs: number): ClockTimer {
    const timer: Pending = { at: this.#now + Math.max(0, delayMs), run };
    const later = this.#pending.findIndex((other) => other.at > timer.at);
    this.#pending.splice(later === -1 ? this.#pending.length : later, 0, timer);
    return timer;
  }

  clearTimeout(timer: ClockTimer | undefined): void {
    this.#pending = this.#pending.filter((other) => other !== timer);
  }

  /** As the clock of `@nestlens/otlp` has it. Returns a function that cancels the timer. */
  after(delayMs: number, run: () => void): () => void {
    const timer = this.setTimeout(run, delayMs);
    return () => this.clearTimeout(timer);
  }

  /**
   * Moves the clock by `ms`. Timers run when they are due; timers of the same moment run in the order in which
   * they were set. After each timer its promises and immediates run too, and may set timers that are still due.
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
