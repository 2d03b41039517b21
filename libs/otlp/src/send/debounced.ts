import type { Clock } from './sender.js';

/** Work that runs some time after it was requested, once for all requests meanwhile. */
export class Debounced {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #run: () => Promise<unknown>;
  #cancel: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  /** Errors of `run` are swallowed. */
  constructor(clock: Clock, afterMs: number, run: () => Promise<unknown>) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#run = run;
  }

  /** Requests a run in `afterMs`. Does nothing if one is already due, or after `stop`. */
  ask(): void {
    if (this.#cancel !== undefined || this.#isStopped) return;
    this.#cancel = this.#clock.after(this.#afterMs, () => {
      this.#running = this.#running.then(() => this.#begin()).catch(() => undefined);
    });
  }

  /** Starts no more runs. Resolves when the current run has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #begin(): Promise<void> {
    // Cleared only here, so that during a run on a slow disk one more run waits, and no others.
    this.#cancel = undefined;
    if (!this.#isStopped) await this.#run();
  }
}
