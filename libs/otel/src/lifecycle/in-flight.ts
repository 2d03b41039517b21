import { Injectable } from '@nestjs/common';

/** Work that has begun and not ended: HTTP requests, RPC calls, later messages and jobs. */
@Injectable()
export class InFlight {
  readonly #labels = new Map<number, string>();
  #last = 0;
  #waiters: (() => void)[] = [];

  get count(): number {
    return this.#labels.size;
  }

  /** The longest-running item of work, for the progress line of a slow shutdown. */
  get oldest(): string | undefined {
    return this.#labels.values().next().value;
  }

  /** Returns a function for the end of the work. Calling it again does nothing. */
  enter(label: string): () => void {
    const id = ++this.#last;
    this.#labels.set(id, label);
    return () => this.#leave(id);
  }

  /** Resolves `true` when nothing is in flight, `false` when the signal aborts first. */
  idle(signal: AbortSignal): Promise<boolean> {
    if (this.count === 0) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', aborted);
        resolve(true);
      };
      const aborted = (): void => {
        this.#waiters = this.#waiters.filter((waiter) => waiter !== done);
        resolve(false);
      };
      this.#waiters.push(done);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  #leave(id: number): void {
    if (!this.#labels.delete(id) || this.count > 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
