import { contexts } from '../context/contexts.js';
import { globalProviders } from '../late-bound/globals.js';

interface Running<T> {
  readonly tracer: T;
  readonly app: object;
}

/** The tracers of running apps, for interceptors that were made before any app or outside of all. */
export class RunningTracers<T> {
  readonly #running: Running<T>[] = [];

  /**
   * The tracer of the app to which the active context belongs. Outside of any app it is that of the app which has run
   * longest, or the oldest tracer if that app has none; `undefined` before the first and after the last.
   */
  get current(): T | undefined {
    const [first] = this.#running;
    if (this.#running.length < 2) return first?.tracer;
    const wanted = globalProviders.appIn(contexts.active());
    return (this.#running.find(({ app }) => app === wanted) ?? first)?.tracer;
  }

  add(tracer: T, app: object): void {
    this.#running.push({ tracer, app });
  }

  remove(tracer: T): void {
    const at = this.#running.findIndex((running) => running.tracer === tracer);
    if (at >= 0) this.#running.splice(at, 1);
  }
}
