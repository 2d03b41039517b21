import type { Signal } from '../wire/model.js';
import {
  FLAGS,
  FREE,
  HAS_ERROR,
  ITEMS,
  LENGTH,
  OPEN,
  OPENED_AT,
  SEALED,
  SEQUENCE,
  SIGNAL,
  STATE,
  WRITING,
  signalIndex,
} from './memory.js';
import { processNow } from './process-clock.js';
import type { SlabPool } from './slab-pool.js';

/** Returned by `EncodeItem`: the item does not fit after `offset`. */
export const FULL = -1;
/** Returned by `EncodeItem`: the item cannot be written anywhere. */
export const UNREADABLE = -2;

/**
 * Writes `item` into `target` from `offset` on and returns where it ended, or `FULL` or `UNREADABLE`; in both cases
 * the bytes after `offset` have no meaning. The bytes before the returned end must be a whole export request each
 * time.
 */
export type EncodeItem<I> = (item: I, target: Buffer, offset: number) => number;

/**
 * Which items are dropped when no slab is free: `newest` drops the item at hand; `oldest` drops the slab that has
 * waited longest; `keepErrors` drops the slab that has waited longest among those without an error, or else the item
 * at hand.
 */
export type DropPolicy = 'newest' | 'oldest' | 'keepErrors';

/**
 * `queue_full`: no slab was free; `encode_failed`: reading it threw; `other`: made while another item was being
 * encoded.
 */
type WriteDrop = 'queue_full' | 'encode_failed' | 'other';

/** `too_large` was not counted yet: the caller still has the item. */
type Appended = 'held' | 'dropped' | 'too_large';

interface SlabWriterOptions {
  /** Default `newest`. */
  readonly dropPolicy?: DropPolicy;
  /**
   * Slabs that a signal leaves to the other signals, whose collector may be healthy. Where set, the drop policy takes
   * slabs of its own signal only. Default 0.
   */
  readonly reserved?: number;
  readonly onDrop: (signal: Signal, reason: WriteDrop, items: number) => void;
  /** Default: the process clock. Must be the same as the reader's. */
  readonly now?: () => number;
}

/** The producer's side, on the main thread. It fills slabs, never waits, and allocates nothing per item. */
export class SlabWriter {
  readonly #pool: SlabPool;
  readonly #policy: DropPolicy;
  readonly #reserved: number;
  readonly #onDrop: SlabWriterOptions['onDrop'];
  readonly #now: () => number;
  /**
   * The open slab of each signal, or -1. Under `keepErrors` errors have a second one, or every slab would hold an
   * error.
   */
  readonly #open = new Int32Array(6).fill(-1);
  #sequence = 0;
  #encoding = false;

  constructor(pool: SlabPool, options: SlabWriterOptions) {
    this.#pool = pool;
    this.#policy = options.dropPolicy ?? 'newest';
    this.#reserved = options.reserved ?? 0;
    this.#onDrop = options.onDrop;
    this.#now = options.now ?? processNow;
  }

  /** Takes the item's bytes at once; the item itself is not kept. */
  append<I>(signal: Signal, encode: EncodeItem<I>, item: I, isError = false): Appended {
    if (this.#encoding) return this.#drop(signal, 'other');
    const slot = signalIndex[signal] * 2 + (isError && this.#policy === 'keepErrors' ? 1 : 0);
    const open = this.#open[slot] ?? -1;
    if (open >= 0 && this.#pool.move(open, OPEN, WRITING)) {
      const end = this.#encode(encode, item, open);
      if (end >= 0) return this.#keep(open, end, isError);
      if (end !== FULL) {
        this.#settle(open, OPEN);
        return this.#drop(signal, 'encode_failed');
      }
      this.#settle(open, SEALED);
      const appended = this.#appendToNew(signal, encode, item, isError, slot);
      // One wake for the sealed and the opened slab: waking a thread costs as much as encoding a hundred spans.
      this.#pool.ring();
      return appended;
    }
    const appended = this.#appendToNew(signal, encode, item, isError, slot);
    if (!this.#pool.watched) this.#pool.ring();
    return appended;
  }

  /**
   * Seals all open slabs. Returns the mark of a flush: everything appended before is in slabs opened before it.
   * Called on request only; the reader seals slabs that are due, since this thread may be blocked.
   */
  seal(): number {
    for (let slab = 0; slab < this.#pool.count; slab += 1) this.#pool.move(slab, OPEN, SEALED);
    this.#open.fill(-1);
    this.#pool.ring();
    return this.#sequence;
  }

  #appendToNew<I>(
    signal: Signal,
    encode: EncodeItem<I>,
    item: I,
    isError: boolean,
    slot: number,
  ): Appended {
    this.#open[slot] = -1;
    const slab = this.#acquire(signal);
    if (slab < 0) return this.#drop(signal, 'queue_full');
    const { words } = this.#pool;
    const line = this.#pool.lineOf(slab);
    words[line + SIGNAL] = signalIndex[signal];
    words[line + ITEMS] = 0;
    words[line + LENGTH] = 0;
    words[line + FLAGS] = 0;
    words[line + OPENED_AT] = this.#now() | 0;
    words[line + SEQUENCE] = this.#sequence;
    const end = this.#encode(encode, item, slab);
    if (end < 0) {
      this.#settle(slab, FREE);
      return end === FULL ? 'too_large' : this.#drop(signal, 'encode_failed');
    }
    this.#sequence = (this.#sequence + 1) | 0;
    // A slab that the reader sealed and freed may be the open slab of another signal by now.
    for (let other = 0; other < this.#open.length; other += 1) {
      if (this.#open[other] === slab) this.#open[other] = -1;
    }
    this.#open[slot] = slab;
    return this.#keep(slab, end, isError);
  }

  /** Telemetry must not throw into the code that ended a span. */
  #encode<I>(encode: EncodeItem<I>, item: I, slab: number): number {
    const target = this.#pool.views[slab];
    if (target === undefined) return FULL;
    this.#encoding = true;
    try {
      return encode(item, target, this.#pool.read(slab, LENGTH));
    } catch {
      return UNREADABLE;
    } finally {
      this.#encoding = false;
    }
  }

  #keep(slab: number, end: number, isError: boolean): Appended {
    const { words } = this.#pool;
    const line = this.#pool.lineOf(slab);
    words[line + LENGTH] = end;
    words[line + ITEMS] = (words[line + ITEMS] ?? 0) + 1;
    if (isError) words[line + FLAGS] = (words[line + FLAGS] ?? 0) | HAS_ERROR;
    Atomics.store(words, line + STATE, OPEN);
    return 'held';
  }

  /** Gives up this thread's ownership of a slab that is WRITING. */
  #settle(slab: number, state: number): void {
    Atomics.store(this.#pool.words, this.#pool.lineOf(slab) + STATE, state);
  }

  /** A slab that is now WRITING, the lowest number first so that few pages are ever touched; -1 if there is none. */
  #acquire(signal: Signal): number {
    if (this.#reserved === 0 || this.#pool.usedBy(signal) < this.#pool.count - this.#reserved) {
      for (let slab = 0; slab < this.#pool.count; slab += 1) {
        if (this.#pool.move(slab, FREE, WRITING)) return slab;
      }
    }
    return this.#policy === 'newest' ? -1 : this.#steal(signal);
  }

  #steal(signal: Signal): number {
    const pool = this.#pool;
    const spare = (slab: number): boolean =>
      (this.#reserved === 0 || pool.signalOf(slab) === signal) &&
      (this.#policy !== 'keepErrors' || !pool.hasError(slab));
    // The reader may take the slab that was found. Each failed attempt then means one slab that is being sent.
    for (let attempt = 0; attempt < pool.count; attempt += 1) {
      const slab = pool.oldest(SEALED, spare);
      if (slab < 0) return -1;
      if (!pool.move(slab, SEALED, WRITING)) continue;
      this.#onDrop(pool.signalOf(slab), 'queue_full', pool.read(slab, ITEMS));
      return slab;
    }
    return -1;
  }

  #drop(signal: Signal, reason: WriteDrop): Appended {
    this.#onDrop(signal, reason, 1);
    return 'dropped';
  }
}
