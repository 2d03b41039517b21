import type { Clock } from '../send/sender.js';

/** How long an endpoint that cannot be reached is left alone: doubles with each failure, ±25 %. */
export class Backoff {
  readonly #clock: Clock;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;
  #notBefore = 0;

  constructor(clock: Clock, minMs: number, maxMs: number, random: () => number) {
    this.#clock = clock;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** 0 when a connection may be tried now. */
  get remainingMs(): number {
    return this.#failures === 0 ? 0 : Math.max(0, this.#notBefore - this.#clock.now());
  }

  failed(): void {
    const delay = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    this.#notBefore = this.#clock.now() + delay * (0.75 + 0.5 * this.#random());
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
