/**
 * Tokens for quick retries: each first attempt earns a tenth of one, each quick retry spends one, so that a peer
 * that fails now and then sees at most a tenth more traffic. It never forbids a retry, for data is worth more than
 * traffic: a batch without a token waits the longest pause instead of a growing one. And it never slows a recovery:
 * when the breaker closes, the budget is full again and batches that wait are sent without one.
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
