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
import { noItems, type ItemCounts } from '../send/item-counts.js';
import type { SlabPool } from './slab-pool.js';

/** A batch whose chunks are slabs that this reader owns until it releases them or puts them back. */
export interface SlabBatch extends Batch {
  readonly slabs: readonly number[];
  /** Items in slabs that were never taken before. */
  readonly firstTaken: number;
}

/** The slabs of one signal that wait to be taken. */
interface Waiting {
  readonly slabs: number;
  readonly bytes: number;
  /** Time since the oldest of them was opened. */
  readonly ageMs: number;
}

interface SlabReaderOptions {
  /** An older open slab is sealed. Default 1 s. */
  readonly sealAfterMs?: number;
  /** Default: the process clock. Must be the same as the writer's. */
  readonly now?: () => number;
}

/** The consumer's side, in the worker or on the main loop. A pool has one reader at a time. */
export class SlabReader {
  readonly #pool: SlabPool;
  readonly #sealAfterMs: number;
  readonly #now: () => number;

  constructor(pool: SlabPool, options: SlabReaderOptions = {}) {
    this.#pool = pool;
    this.#sealAfterMs = options.sealAfterMs ?? 1000;
    this.#now = options.now ?? processNow;
  }

  /** Resolves when the bell has rung since `seen` was read; at once if it already has. */
  async rung(seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#pool.words, BELL, seen);
    if (wait.async) await wait.value;
  }

  /** The value to pass to `rung`. Read it before looking for work. */
  bell(): number {
    return Atomics.load(this.#pool.words, BELL);
  }

  /**
   * Seals open slabs that are due, whatever the writer's thread is doing. Returns in how many ms the next slab is
   * due. The caller must look again by then, since no bell rings for slabs that are opened until it does. Returns
   * undefined if none is open. Slabs that cannot be sent yet are filled further instead of sealed: one slab for each
   * second of an outage would soon use up all of them.
   */
  sealIdle(canGo: (signal: Signal) => boolean = () => true): number | undefined {
    // Set before the slabs are looked at, so that a slab opened after the look rings the bell.
    this.#pool.watched = false;
    const now = this.#now() | 0;
    let next: number | undefined;
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      const state = this.#pool.state(slab);
      if (state === FREE || state === SEALED || state === SENDING) continue;
      const left = this.#sealAfterMs - ((now - this.#pool.read(slab, OPENED_AT)) | 0);
      const goes = left > 0 || canGo(this.#pool.signalOf(slab));
      if (left <= 0 && goes && this.#pool.move(slab, OPEN, SEALED)) continue;
      // A slab that is due but being written to right now is checked again soon.
      const againMs = goes ? Math.max(1, left) : this.#sealAfterMs;
      next = Math.min(next ?? Number.POSITIVE_INFINITY, againMs);
    }
    this.#pool.watched = next !== undefined;
    return next;
  }

  /** The number of slabs that are not free. */
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

  /**
   * Takes sealed slabs in the order in which they were opened: up to `targetBytes`, but at least one. Undefined if
   * there is none.
   */
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
      // The drop policy took the slab, which may hold another signal by now.
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

  /** Settles the batch: its slabs become free. Its chunks must not be read any more. */
  release(batch: SlabBatch): void {
    for (const slab of batch.slabs) this.#pool.move(slab, SENDING, FREE);
  }

  /** Puts the batch back. It keeps its place in the order. */
  putBack(batch: SlabBatch): void {
    for (const slab of batch.slabs) this.#pool.move(slab, SENDING, SEALED);
  }

  /** Counts of items that a reader has taken and not settled, this reader or another. */
  inHand(): ItemCounts {
    const items = noItems();
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) !== SENDING) continue;
      items[this.#pool.signalOf(slab)] += this.#pool.read(slab, ITEMS);
    }
    return items;
  }

  /** After a reader died, puts back the slabs that it was sending. Returns the counts of items that may arrive twice. */
  reclaim(): ItemCounts {
    const items = this.inHand();
    for (let slab = 0; slab < this.#pool.count; slab += 1) this.#pool.move(slab, SENDING, SEALED);
    return items;
  }

  /** Items in slabs that were opened before `mark` and are not settled. */
  pending(mark: number): ItemCounts {
    const items = noItems();
    for (let slab = 0; slab < this.#pool.count; slab += 1) {
      if (this.#pool.state(slab) === FREE || !this.#pool.isBefore(slab, mark)) continue;
      items[this.#pool.signalOf(slab)] += this.#pool.read(slab, ITEMS);
    }
    return items;
  }

  /** Searched again for each slab: there are few slabs, and a sorted list would be garbage after each batch. */
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
