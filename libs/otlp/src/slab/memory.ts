import type { Signal } from '../wire/model.js';

/** What two threads share: the slabs' bytes, and one line of Int32 words per slab moved by Atomics. */
export interface SlabMemory {
  readonly slabBytes: number;
  readonly slabCount: number;
  readonly bytes: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

export interface SlabMemoryOptions {
  /** All slabs together. Default 32 MiB; rounded down to whole slabs, and never fewer than four. */
  readonly maxBytes?: number;
  /** One slab. Default 256 KiB. */
  readonly slabBytes?: number;
}

/**
 * A slab's life. Only these moves exist, each a compareExchange, so that a slab has one owner:
 *
 *     FREE -> WRITING          main: takes a free slab
 *     WRITING -> OPEN          main: an item is in, another may follow
 *     OPEN -> WRITING          main: the next item
 *     WRITING -> SEALED        main: full
 *     WRITING -> FREE          main: nothing got in
 *     OPEN -> SEALED           either: by time, or asked
 *     SEALED -> WRITING        main: stolen by the drop policy
 *     SEALED -> SENDING        reader: goes out, or to disk; main: to disk, before the process ends
 *     SENDING -> FREE          whoever made it SENDING: settled
 *     SENDING -> SEALED        the same: put back; main: after the reader died
 */
export const FREE = 0;
export const OPEN = 1;
export const WRITING = 2;
export const SEALED = 3;
export const SENDING = 4;

/** Words per slab: a cache line, so that two threads at two slabs do not slow each other. */
export const STRIDE = 16;
export const STATE = 0;
export const SIGNAL = 1;
export const ITEMS = 2;
export const LENGTH = 3;
/** Milliseconds of the process clock, as Int32 that wraps. */
export const OPENED_AT = 4;
/** Grows by one with every slab that is opened; wraps. */
export const SEQUENCE = 5;
export const FLAGS = 6;

/** In FLAGS: the slab holds an item that reports an error. */
export const HAS_ERROR = 1;
/** In FLAGS: a reader has had it before. */
export const TAKEN = 2;

/** Before the slabs' words. */
export const HEADER = STRIDE;
/** In the header: counts openings and seals; the reader sleeps on it. */
export const BELL = 0;
/** In the header: 1 while the reader looks by itself before anything that is opened now can be due. */
export const WATCHED = 1;

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;
const DEFAULT_SLAB_BYTES = 256 * 1024;
const MIN_SLABS = 4;

/** Where a slab's SIGNAL word points in `SIGNALS`. */
export const signalIndex: Readonly<Record<Signal, number>> = { traces: 0, metrics: 1, logs: 2 };

/** Reserves addresses; the system gives the pages as slabs are first written. */
export function allocateSlabs(options: SlabMemoryOptions = {}): SlabMemory {
  const { maxBytes = DEFAULT_MAX_BYTES, slabBytes = DEFAULT_SLAB_BYTES } = options;
  const slabCount = Math.max(MIN_SLABS, Math.floor(maxBytes / slabBytes));
  return {
    slabBytes,
    slabCount,
    bytes: new SharedArrayBuffer(slabCount * slabBytes),
    control: new SharedArrayBuffer((HEADER + slabCount * STRIDE) * Int32Array.BYTES_PER_ELEMENT),
  };
}
