/** Collects if no other code has collected for `everyMs`, at most one at a time. The timer keeps no process alive. */
export class IdleCollections {
  readonly #everyMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wasAsked = false;
  #isRunning = false;

  constructor(everyMs: number | undefined) {
    this.#everyMs = everyMs;
  }

  /** `collect` gets the time that a callback may take, in ms. */
  start(collect: (timeoutMs: number) => Promise<unknown>): void {
    const everyMs = this.#everyMs;
    if (everyMs === undefined) return;
    this.#timer = setInterval(() => void this.#run(() => collect(everyMs)), everyMs).unref();
  }

  /** Call when other code collects. */
  asked(): void {
    this.#wasAsked = true;
  }

  /** Safe twice, and before start. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #run(collect: () => Promise<unknown>): Promise<void> {
    const isNeeded = !this.#wasAsked && !this.#isRunning;
    this.#wasAsked = false;
    if (!isNeeded) return;
    this.#isRunning = true;
    try {
      await collect();
    } catch {
      // The next collection reports the failure to its caller.
    } finally {
      this.#isRunning = false;
    }
  }
}
