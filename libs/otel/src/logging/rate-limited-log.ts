const MAX_CAUSES = 200;
/** Stands for all causes beyond the first 200 of an interval. */
const OTHERS = 'others';

/** Nest's levels that something of our own may print with. */
export type SelfLogLevel = 'verbose' | 'debug' | 'log' | 'warn' | 'error';

interface RateLimitedLogOptions {
  /** Prints one line. */
  readonly write: (level: SelfLogLevel, line: string) => void;
  /** Default: 60000. */
  readonly intervalMs?: number;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

interface Cause {
  printedAt: number;
  suppressed: number;
}

/**
 * One line per cause and minute, however often it happens; the next line tells how many were kept back.
 * Remembers at most 200 causes; what more there are share one.
 */
export class RateLimitedLog {
  readonly #write: (level: SelfLogLevel, line: string) => void;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #causes = new Map<string, Cause>();

  constructor(options: RateLimitedLogOptions) {
    this.#write = options.write;
    this.#intervalMs = options.intervalMs ?? 60_000;
    this.#now = options.now ?? (() => performance.now());
  }

  /** `cause` names the kind of trouble, without ids and numbers; `message` tells of this one. */
  warn(cause: string, message: string): void {
    this.log('warn', cause, message);
  }

  error(cause: string, message: string): void {
    this.log('error', cause, message);
  }

  log(level: SelfLogLevel, cause: string, message: string): void {
    const now = this.#now();
    const key = this.#key(cause, now);
    const known = this.#causes.get(key);
    if (known === undefined) {
      this.#causes.set(key, { printedAt: now, suppressed: 0 });
      this.#write(level, message);
    } else if (now - known.printedAt < this.#intervalMs) {
      known.suppressed += 1;
    } else {
      const kept = known.suppressed;
      this.#causes.set(key, { printedAt: now, suppressed: 0 });
      this.#write(level, kept === 0 ? message : `${message} (and ${kept} more like it since then)`);
    }
  }

  #key(cause: string, now: number): string {
    if (this.#causes.has(cause) || this.#causes.size < MAX_CAUSES) return cause;
    for (const [old, { printedAt }] of this.#causes) {
      if (now - printedAt >= this.#intervalMs) this.#causes.delete(old);
    }
    return this.#causes.size < MAX_CAUSES ? cause : OTHERS;
  }
}
