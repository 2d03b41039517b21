/** The tracers of running apps, for interceptors that were made before any app or outside of all. */
export class RunningTracers<T> {
  readonly #running: T[] = [];

  /** The one that started last; `undefined` before the first and after the last. */
  get current(): T | undefined {
    return this.#running.at(-1);
  }

  add(tracer: T): void {
    this.#running.push(tracer);
  }

  remove(tracer: T): void {
    const at = this.#running.indexOf(tracer);
    if (at >= 0) this.#running.splice(at, 1);
  }
}
