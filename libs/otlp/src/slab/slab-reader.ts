import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import {
  BELL,
  FREE,
  ITEMS,
  LENGTH,
  OPEN,
  OPENED_AT,
  SEALED,
  SENDING,
  SEQUENCE,
  TAKEN,
} from './memory.js';
import { processNow } from './process-clock.js';
import type { ItemCounts, SlabPool } from './slab-pool.js';

/** A batch whose chunks are slabs that this reader owns until it releases them or puts them back. */
export interface SlabBatch extends Batch {
  readonly slabs: readonly number[];
  /** Items in slabs that were never taken before. */
  readonly firstTaken: number;
}

/** What waits to be taken, of one signal. */
export interface Waiting {
  readonly slabs: number;
  readonly bytes: number;
  /** Since the oldest of them was opened. */
  readonly ageMs: number;
}

export interface SlabReaderOptions {
  /** An open slab is sealed when it is older. Default 1 s. */
  readonly sealAfterMs?: number;
  /** Default the process clock; must be the writer's too. */
  readonly now?: () => number;
}

/** The consumer's side, in the worker or on the loop. One reader at a time for a pool. */
export class SlabReader {
  readonly #pool: SlabPool;
  readonly #sealAfterMs: number;
  readonly #now: () => number;

  constructor(pool: SlabPool, options: SlabReaderOptions = {}) {
    this.#pool = pool;
    this.#sealAfterMs = options.sealAfterMs ?? 1000;
    this.#now = options.now ?? processNow;
  }

  /** Resolves when the bell has rung since it read `seen`, at once where it already has. */
  async rung(seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#pool.words, BELL, seen);
    if (wait.async) await wait.value;
  }

  /** What to give `rung`, read before looking for work. */
  bell(): number {
    return Atomics.load(this.#pool.words, BELL);
  }

  /**
   * Seals open slabs that are due, whatever the writer's thread is doing. Returns in how many ms the next one is, and
   * then the caller must look again: until it does, no bell rings for what is opened. Undefined where nothing is open.
   * What cannot go yet is better filled than sealed: a slab for each second of an outage would soon be all of them.
   */
  sealIdle(canGo: (signal: Signal) => boolean = () => true): number | undefined {
    // Before the slabs are looked at: what is opened behind the look rings.
    this.#pool.watched = false;
    const now = this.#now() | 0;
    let next: number | undefined;
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      const state = this.#pool.state(slab);
      if (state === FREE || state === SEALED || state === SENDING) continue;
      const left = this.#sealAfterMs - ((now - this.#pool.read(slab, OPENED_AT)) | 0);
      const goes = left > 0 || canGo(this.#pool.signalOf(slab));
      if (left <= 0 && goes && this.#pool.move(slab, OPEN, SEALED)) continue;
      // A slab that is due and just being written to is asked again soon.
      const againMs = goes ? Math.max(1, left) : this.#sealAfterMs;
      next = Math.min(next ?? Number.POSITIVE_INFINITY, againMs);
    }
    this.#pool.watched = next !== undefined;
    return next;
  }

  /** Of all slabs, those that are not free. */
  usedShare(): number {
    return this.#pool.used() / this.#pool.count;
  }

  waiting(signal: Signal): Waiting {
    let slabs = 0;
    let bytes = 0;
    let ageMs = 0;
    const now = this.#now() | 0;
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) !== SEALED || this.#pool.signalOf(slab) !== signal) continue;
      slabs += 1;
      bytes += this.#pool.read(slab, LENGTH);
      ageMs = Math.max(ageMs, (now - this.#pool.read(slab, OPENED_AT)) | 0);
    }
    return { slabs, bytes, ageMs };
  }

  /** Sealed slabs in the order they were opened, up to `targetBytes` but at least one; undefined where none is. */
  take(signal: Signal, targetBytes: number): SlabBatch | undefined {
    const slabs: number[] = [];
    let items = 0;
    let bytes = 0;
    let firstTaken = 0;
    for (;;) {
      const slab = this.#oldestSealed(signal);
      if (slab < 0) break;
      const length = this.#pool.read(slab, LENGTH);
      if (slabs.length > 0 && bytes + length > targetBytes) break;
      // Lost to the drop policy, and perhaps another signal's by now.
      if (!this.#claim(slab, signal)) continue;
      slabs.push(slab);
      items += this.#pool.read(slab, ITEMS);
      if (this.#pool.mark(slab, TAKEN)) firstTaken += this.#pool.read(slab, ITEMS);
      bytes += this.#pool.read(slab, LENGTH);
    }
    if (slabs.length === 0) return undefined;
    const chunks = slabs.map((slab) => this.#pool.content(slab));
    return { signal, items, bytes, chunks, slabs, firstTaken };
  }

  /** The batch is settled: its slabs are free. Its chunks must not be read any more. */
  release(batch: SlabBatch): void {
    for (const slab of batch.slabs) this.#pool.move(slab, SENDING, FREE);
  }

  /** The batch is to be taken again; it keeps its place. */
  putBack(batch: SlabBatch): void {
    for (const slab of batch.slabs) this.#pool.move(slab, SENDING, SEALED);
  }

  /** Items that a reader has taken and not settled, be it this one or another. */
  inHand(): ItemCounts {
    const items = { traces: 0, metrics: 0, logs: 0 };
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) !== SENDING) continue;
      items[this.#pool.signalOf(slab)] += this.#pool.read(slab, ITEMS);
    }
    return items;
  }

  /** After a reader died: what it was sending waits again. Returns the items that may arrive twice. */
  reclaim(): ItemCounts {
    const items = this.inHand();
    for (let slab = 0; slab < this.#pool.count; slab += 1) this.#pool.move(slab, SENDING, SEALED);
    return items;
  }

  /** Items in slabs that were opened before `mark` and are not settled. */
  pending(mark: number): ItemCounts {
    const items = { traces: 0, metrics: 0, logs: 0 };
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) === FREE || !this.#pool.isBefore(slab, mark)) continue;
      items[this.#pool.signalOf(slab)] += this.#pool.read(slab, ITEMS);
    }
    return items;
  }

  /** Sought anew for each slab: there are few, and a sorted list would be garbage with each batch. */
  #oldestSealed(signal: Signal): number {
    let oldest = -1;
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) !== SEALED || this.#pool.signalOf(slab) !== signal) continue;
      if (oldest < 0 || this.#pool.isBefore(slab, this.#pool.read(oldest, SEQUENCE))) oldest = slab;
    }
    return oldest;
  }

  #claim(slab: number, signal: Signal): boolean {
    if (!this.#pool.move(slab, SEALED, SENDING)) return false;
    if (this.#pool.signalOf(slab) === signal) return true;
    this.#pool.move(slab, SENDING, SEALED);
    return false;
  }
}
