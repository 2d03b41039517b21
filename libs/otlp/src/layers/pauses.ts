import type { Clock } from '../send/sender.js';

/** Why a pause ended. */
export type PauseEnd = 'over' | 'stopped' | 'yielded' | 'aborted';

interface Pause {
  readonly notBefore: number;
  readonly end: (why: PauseEnd) => void;
  rearm: (at: number) => void;
}

/** The batches that wait between two attempts, oldest first. */
export class Pauses {
  readonly #clock: Clock;
  readonly #waiting = new Set<Pause>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Waits until `until`, or less where somebody wakes it, but not less than to `notBefore`. */
  wait(until: number, notBefore: number, signal: AbortSignal): Promise<PauseEnd> {
    if (signal.aborted) return Promise.resolve('aborted');
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const end = (why: PauseEnd): void => {
        cancel();
        this.#waiting.delete(pause);
        signal.removeEventListener('abort', onAbort);
        resolve(why);
      };
      const onAbort = (): void => end('aborted');
      const pause: Pause = {
        notBefore,
        end,
        rearm: (at) => {
          cancel();
          cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => end('over'));
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(pause);
      pause.rearm(Math.max(until, notBefore));
    });
  }

  /** Ends the pause of the batch that may go first. */
  wakeOne(): void {
    let first: Pause | undefined;
    for (const pause of this.#waiting) {
      if (pause.notBefore <= this.#clock.now()) return pause.end('over');
      if (first === undefined || pause.notBefore < first.notBefore) first = pause;
    }
    first?.rearm(first.notBefore);
  }

  wakeAll(): void {
    const now = this.#clock.now();
    for (const pause of this.#waiting) {
      if (pause.notBefore <= now) pause.end('over');
      else pause.rearm(pause.notBefore);
    }
  }

  /** Ends all pauses, whatever they wait for. */
  endAll(why: PauseEnd): void {
    for (const pause of this.#waiting) pause.end(why);
  }
}
