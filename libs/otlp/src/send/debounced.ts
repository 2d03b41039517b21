import type { Clock } from './sender.js';

/** Work that is done some time after it was asked for, once for all who asked meanwhile. */
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

  /** Asks for a run in `afterMs`. Does nothing where one is already to come, or after `stop`. */
  ask(): void {
    if (this.#cancel !== undefined || this.#isStopped) return;
    this.#cancel = this.#clock.after(this.#afterMs, () => {
      this.#running = this.#running.then(() => this.#begin()).catch(() => undefined);
    });
  }

  /** No run begins after it. Resolves when the present one is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #begin(): Promise<void> {
    // Only now: while a slow disk is at the last run, one more waits and no others.
    this.#cancel = undefined;
    if (!this.#isStopped) await this.#run();
  }
}
