import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import {
  BELL,
  FLAGS,
  FREE,
  HAS_ERROR,
  HEADER,
  LENGTH,
  SEQUENCE,
  SIGNAL,
  STATE,
  STRIDE,
  WATCHED,
} from './memory.js';
import type { SlabMemory } from './memory.js';

/** One thread's view of the shared slabs. It reads words, moves states and rings the bell, and decides nothing. */
export class SlabPool {
  readonly count: number;
  readonly slabBytes: number;
  /** All words. Those of a slab begin at `lineOf(slab)`. */
  readonly words: Int32Array;
  /** One Uint8Array for each slab, made once. */
  readonly views: readonly Buffer[];

  constructor(memory: SlabMemory) {
    this.count = memory.slabCount;
    this.slabBytes = memory.slabBytes;
    this.words = new Int32Array(memory.control);
    this.views = Array.from({ length: memory.slabCount }, (_, slab) =>
      Buffer.from(memory.bytes, slab * memory.slabBytes, memory.slabBytes),
    );
  }

  lineOf(slab: number): number {
    return HEADER + slab * STRIDE;
  }

  state(slab: number): number {
    return Atomics.load(this.words, this.lineOf(slab) + STATE);
  }

  /** True for the one thread that made the move. */
  move(slab: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.words, this.lineOf(slab) + STATE, from, to) === from;
  }

  /** Reads `word` of a slab. The value is only a snapshot if the caller does not own the slab. */
  read(slab: number, word: number): number {
    return this.words[this.lineOf(slab) + word] ?? 0;
  }

  signalOf(slab: number): Signal {
    return SIGNALS[this.read(slab, SIGNAL)] ?? 'traces';
  }

  hasError(slab: number): boolean {
    return (this.read(slab, FLAGS) & HAS_ERROR) !== 0;
  }

  /** Sets a flag of a slab that the caller owns. Returns true if it was not set before. */
  mark(slab: number, flag: number): boolean {
    const at = this.lineOf(slab) + FLAGS;
    const flags = this.words[at] ?? 0;
    this.words[at] = flags | flag;
    return (flags & flag) === 0;
  }

  /** Wakes a reader that waits for something to be opened or sealed. */
  ring(): void {
    Atomics.add(this.words, BELL, 1);
    Atomics.notify(this.words, BELL);
  }

  /** Whether the reader has a timer for the open slabs. Only the reader sets it. */
  get watched(): boolean {
    return Atomics.load(this.words, WATCHED) === 1;
  }

  set watched(watched: boolean) {
    Atomics.store(this.words, WATCHED, watched ? 1 : 0);
  }

  /** The number of slabs that are not free. */
  used(): number {
    let used = 0;
    for (let slab = 0; slab < this.count; slab += 1) if (this.state(slab) !== FREE) used += 1;
    return used;
  }

  /** The number of slabs that hold items of the signal. */
  usedBy(signal: Signal): number {
    let used = 0;
    for (let slab = 0; slab < this.count; slab += 1) {
      if (this.state(slab) !== FREE && this.signalOf(slab) === signal) used += 1;
    }
    return used;
  }

  /** The slab in `state` that was opened first among those that `accept` takes; -1 for none. */
  oldest(state: number, accept: (slab: number) => boolean = () => true): number {
    let found = -1;
    for (let slab = 0; slab < this.count; slab += 1) {
      if (this.state(slab) !== state || !accept(slab)) continue;
      if (found === -1 || this.isBefore(slab, this.read(found, SEQUENCE))) found = slab;
    }
    return found;
  }

  /** Whether `slab` was opened before `sequence` was handed out. Also right across the wrap at 2^32. */
  isBefore(slab: number, sequence: number): boolean {
    return ((this.read(slab, SEQUENCE) - sequence) | 0) < 0;
  }

  /** The bytes in `slab`. */
  content(slab: number): Uint8Array {
    return this.views[slab]?.subarray(0, this.read(slab, LENGTH)) ?? new Uint8Array(0);
  }
}
