import { Injectable } from '@nestjs/common';

/**
 * A piece of work, such as a request. It holds its own place in the list of all work: a Set would have to give each
 * object a hash, which costs a request more than all the rest of the count.
 */
export abstract class Work {
  /** For a person, such as `GET /orders`. */
  abstract readonly label: string;
  /** @internal */
  before: Work | undefined;
  /** @internal */
  behind: Work | undefined;
}

/** Work without an object of its own. */
export class NamedWork extends Work {
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }
}

/** Work that has begun and not ended: HTTP requests, RPC calls, later messages and jobs. */
@Injectable()
export class InFlight {
  /** The list in the order of begin. Its ends are this one. */
  readonly #ends: Work = new NamedWork('');
  #count = 0;
  #waiters: (() => void)[] = [];

  constructor() {
    this.#ends.before = this.#ends;
    this.#ends.behind = this.#ends;
  }

  get count(): number {
    return this.#count;
  }

  /** What has been running longest, for the progress line of a slow shutdown. */
  get oldest(): string | undefined {
    return this.#count === 0 ? undefined : this.#ends.behind?.label;
  }

  /** All of it, what has been running longest first. It must not end while this is read. */
  *all(): Iterable<Work> {
    for (let work = this.#ends.behind!; work !== this.#ends; work = work.behind!) yield work;
  }

  begin(work: Work): void {
    if (work.before !== undefined) return;
    const last = this.#ends.before!;
    work.before = last;
    work.behind = this.#ends;
    last.behind = work;
    this.#ends.before = work;
    this.#count += 1;
  }

  /** Safe twice. */
  end(work: Work): void {
    const { before, behind } = work;
    if (before === undefined || behind === undefined) return;
    before.behind = behind;
    behind.before = before;
    work.before = undefined;
    work.behind = undefined;
    this.#count -= 1;
    if (this.#count > 0 || this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** {@link begin} for work that is no object. Returns what to call at the end; calling it again does nothing. */
  enter(label: string): () => void {
    const work = new NamedWork(label);
    this.begin(work);
    return () => this.end(work);
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
}
