import type { Clock } from './sender.js';

interface BackoffOptions {
  /** The pause after the first failure, in ms. */
  readonly firstMs: number;
  /** The longest pause before the jitter, in ms. */
  readonly maxMs: number;
  /** The factor between one pause and the next. Default: 2. */
  readonly factor?: number;
  /** The part of a pause that the jitter takes away or adds at most. Default: 0. */
  readonly jitter?: number;
  /** Returns 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The pauses after failures in a row. The caller counts its failures. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #jitter: number;
  readonly #random: () => number;

  constructor(options: BackoffOptions) {
    const { firstMs, maxMs, factor = 2, jitter = 0, random = Math.random } = options;
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#factor = factor;
    this.#jitter = jitter;
    this.#random = random;
  }

  /** The pause in ms after failure number `failures`, counted from 1. */
  afterMs(failures: number): number {
    const middleMs = Math.min(this.#maxMs, this.#firstMs * this.#factor ** (failures - 1));
    if (this.#jitter === 0) return middleMs;
    return middleMs * (1 - this.#jitter + 2 * this.#jitter * this.#random());
  }
}

/** Pauses after a failure, longer with each failure in a row. */
export class Cooldown {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(clock: Clock, backoff: Backoff) {
    this.#clock = clock;
    this.#backoff = backoff;
  }

  /** 0 if it may be tried now. */
  get remainingMs(): number {
    return this.#failures === 0 ? 0 : Math.max(0, this.#notBeforeMs - this.#clock.now());
  }

  failed(): void {
    this.#failures += 1;
    this.#notBeforeMs = this.#clock.now() + this.#backoff.afterMs(this.#failures);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
