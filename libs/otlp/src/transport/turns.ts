/** Lets at most `count` run at once; the others wait, first come first. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** False if `signal` aborted first; otherwise the caller must call {@link give}. */
  take(signal: AbortSignal): Promise<boolean> | boolean {
    if (signal.aborted) return false;
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (taken: boolean): void => {
        this.#waiting.delete(onTurn);
        signal.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      function onTurn(): void {
        settle(true);
      }
      function onAbort(): void {
        settle(false);
      }
      signal.addEventListener('abort', onAbort);
      this.#waiting.add(onTurn);
    });
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else next();
  }
}
