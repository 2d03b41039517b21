export interface LogRateLimitOptions {
  /** Default: 60000. */
  readonly everyMs?: number;
  /** More causes than this at a time share one. Default: 64. */
  readonly maxCauses?: number;
}

interface Cause {
  admittedAt: number;
  suppressed: number;
}

const OTHERS = 'others';

/**
 * Decides which log lines are printed: one per cause and minute, however often it happens. Remembers a bounded number of
 * causes and holds no timer.
 */
export class LogRateLimit {
  readonly #everyMs: number;
  readonly #maxCauses: number;
  readonly #causes = new Map<string, Cause>();

  constructor({ everyMs = 60_000, maxCauses = 64 }: LogRateLimitOptions = {}) {
    this.#everyMs = everyMs;
    this.#maxCauses = maxCauses;
  }

  /**
   * How many lines of this cause were suppressed since the last one that was printed; `undefined` where this one is to be
   * suppressed too. `cause` names the kind of trouble, without ids and numbers. `now` is in monotonic milliseconds.
   */
  admit(cause: string, now: number): number | undefined {
    const name = this.#nameOf(cause, now);
    const known = this.#causes.get(name);
    if (known !== undefined && now - known.admittedAt < this.#everyMs) {
      known.suppressed += 1;
      return undefined;
    }
    this.#causes.set(name, { admittedAt: now, suppressed: 0 });
    return known?.suppressed ?? 0;
  }

  #nameOf(cause: string, now: number): string {
    if (this.#causes.has(cause) || this.#causes.size < this.#maxCauses) return cause;
    for (const [name, { admittedAt }] of this.#causes) {
      if (now - admittedAt >= this.#everyMs) this.#causes.delete(name);
    }
    return this.#causes.size < this.#maxCauses ? cause : OTHERS;
  }
}
