import { UnmetExpectation } from './unmet-expectation.js';

/** Options of a wait. */
export interface WaitOptions {
  /** The longest wait, in ms. Default: 5000. */
  timeoutMs?: number;
}

/** A count to reach, or a predicate over everything that has arrived so far. */
export type Wanted<T> = number | ((arrived: readonly T[]) => boolean);

interface Waiter<T> {
  readonly enough: (arrived: readonly T[]) => boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** A list of arrivals that can be waited for. A wait ends at the arrival that fulfils it; nothing polls. */
export class Arrivals<T> {
  readonly #what: string;
  readonly #show: (items: readonly T[]) => string;
  #items: T[] = [];
  #waiters: Waiter<T>[] = [];

  /** `show` describes the arrivals when a wait fails. It returns `''` if there is nothing to show. */
  constructor(what: string, show: (items: readonly T[]) => string) {
    this.#what = what;
    this.#show = show;
  }

  /** Returns a copy of all arrivals since the start or the last clear. */
  all(): readonly T[] {
    return [...this.#items];
  }

  clear(): void {
    this.#items = [];
  }

  add(...items: readonly T[]): void {
    if (items.length === 0) return;
    for (const item of items) this.#items.push(item);
    for (const waiter of this.#waiters) {
      try {
        if (waiter.enough(this.#items)) waiter.done();
      } catch (error) {
        waiter.failed(error);
      }
    }
  }

  /** Resolves with everything that has arrived as soon as it fulfils `wanted`. */
  async wait(wanted: Wanted<T>, options: WaitOptions = {}): Promise<readonly T[]> {
    const enough =
      typeof wanted === 'number' ? (items: readonly T[]) => items.length >= wanted : wanted;
    if (!enough(this.#items)) await this.#arrival(wanted, enough, options.timeoutMs ?? 5000);
    return this.all();
  }

  #arrival(wanted: Wanted<T>, enough: Waiter<T>['enough'], timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
    const waiter: Waiter<T> = {
      enough,
      done: () => {
        leave();
        resolve();
      },
      failed: (error) => {
        leave();
        reject(error);
      },
    };
    const timer = setTimeout(() => {
      waiter.failed(this.#tooLate(wanted, timeoutMs));
    }, timeoutMs);
    this.#waiters.push(waiter);
    return promise;
  }

  #tooLate(wanted: Wanted<T>, timeoutMs: number): UnmetExpectation {
    const what = typeof wanted === 'number' ? `${wanted} ${this.#what}` : `the right ${this.#what}`;
    const count = this.#items.length;
    const shown = this.#show(this.#items);
    return new UnmetExpectation(
      'ERR_NOT_ARRIVED',
      `waited ${timeoutMs} ms for ${what}; ${count} arrived${shown === '' ? '' : `:\n${shown}`}`,
    );
  }
}
