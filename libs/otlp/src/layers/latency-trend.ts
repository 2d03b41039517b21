const WINDOW_MS = 15_000;
const WEIGHT = 0.2;
const TIMES_SLOWER = 2;
/** Differences this small are the noise of a quick peer. */
const NOISE_MS = 10;

/** Whether answers now take longer than the quickest of the last 15 to 30 s. */
export class LatencyTrend {
  #smooth = Number.NaN;
  #least = Infinity;
  #leastBefore = Infinity;
  #windowStart = 0;

  add(latencyMs: number, now: number): void {
    if (now - this.#windowStart >= WINDOW_MS) {
      // After a long silence the window before is as old as the silence.
      this.#leastBefore = now - this.#windowStart < 2 * WINDOW_MS ? this.#least : Infinity;
      this.#least = Infinity;
      this.#windowStart = now;
    }
    this.#least = Math.min(this.#least, latencyMs);
    this.#smooth = Number.isNaN(this.#smooth)
      ? latencyMs
      : this.#smooth + WEIGHT * (latencyMs - this.#smooth);
  }

  get slow(): boolean {
    const quickest = Math.min(this.#least, this.#leastBefore);
    return this.#smooth > TIMES_SLOWER * quickest + NOISE_MS;
  }
}
