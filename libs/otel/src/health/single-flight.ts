/** One run at a time, shared by all who ask meanwhile and for a while after. */
export class SingleFlight<T> {
  readonly #run: () => Promise<T>;
  readonly #cacheMs: number;
  #flight: Promise<T> | undefined;
  #last: { readonly value: T; readonly until: number } | undefined;

  /** `run` must not reject: a rejection reaches all who share it, and is not kept. */
  constructor(run: () => Promise<T>, cacheMs: number) {
    this.#run = run;
    this.#cacheMs = cacheMs;
  }

  ask(): Promise<T> {
    if (this.#last && performance.now() < this.#last.until) {
      return Promise.resolve(this.#last.value);
    }
    this.#flight ??= this.#start();
    return this.#flight;
  }

  async #start(): Promise<T> {
    try {
      const value = await this.#run();
      this.#last = { value, until: performance.now() + this.#cacheMs };
      return value;
    } finally {
      this.#flight = undefined;
    }
  }
}
