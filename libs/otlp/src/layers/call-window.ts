const BUCKETS = 10;

/** Calls and failures of the last `windowMs`, to a tenth of it. */
export class CallWindow {
  readonly #bucketMs: number;
  readonly #numbers = new Float64Array(BUCKETS).fill(-1);
  readonly #calls = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  add(now: number, failed: boolean): void {
    const number = Math.floor(now / this.#bucketMs);
    const slot = number % BUCKETS;
    if (this.#numbers[slot] !== number) {
      this.#numbers[slot] = number;
      this.#calls[slot] = 0;
      this.#failures[slot] = 0;
    }
    this.#calls[slot] = (this.#calls[slot] ?? 0) + 1;
    if (failed) this.#failures[slot] = (this.#failures[slot] ?? 0) + 1;
  }

  count(now: number): { readonly calls: number; readonly failures: number } {
    const oldest = Math.floor(now / this.#bucketMs) - BUCKETS + 1;
    let calls = 0;
    let failures = 0;
    for (let slot = 0; slot < BUCKETS; slot += 1) {
      if ((this.#numbers[slot] ?? -1) < oldest) continue;
      calls += this.#calls[slot] ?? 0;
      failures += this.#failures[slot] ?? 0;
    }
    return { calls, failures };
  }

  clear(): void {
    this.#numbers.fill(-1);
  }
}
