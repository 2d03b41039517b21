import type { Clock } from '../send/sender.js';

/** Work that is done some time after it was asked for, once for all who asked meanwhile. */
export class Round {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #run: () => Promise<unknown>;
  #cancel: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #stopped = false;

  /** What `run` throws is swallowed. */
  constructor(clock: Clock, afterMs: number, run: () => Promise<unknown>) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#run = run;
  }

  soon(): void {
    if (this.#cancel !== undefined || this.#stopped) return;
    this.#cancel = this.#clock.after(this.#afterMs, () => {
      this.#running = this.#running.then(() => this.#begin()).catch(() => undefined);
    });
  }

  /** None begins after; resolves when the present one is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #begin(): Promise<void> {
    // Only now: while a slow disk is at the last round, one more waits and no others.
    this.#cancel = undefined;
    if (!this.#stopped) await this.#run();
  }
}
