import type { Signal } from '../wire/model.js';

/**
 * The memory that two threads share: the slabs' bytes, and for each slab one line of Int32 words that Atomics change.
 */
export interface SlabMemory {
  readonly slabBytes: number;
  readonly slabCount: number;
  readonly bytes: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

interface SlabMemoryOptions {
  /** Bytes of all slabs together. Default 32 MiB; rounded down to whole slabs, at least four. */
  readonly maxBytes?: number;
  /** Bytes of one slab. Default 256 KiB. */
  readonly slabBytes?: number;
}

/**
 * The states of a slab. Only these transitions exist. Each is a compareExchange, so that a slab has one owner:
 *
 *     FREE -> WRITING          main: takes a free slab
 *     WRITING -> OPEN          main: an item is in, another may follow
 *     OPEN -> WRITING          main: the next item
 *     WRITING -> SEALED        main: full
 *     WRITING -> FREE          main: no item got in
 *     OPEN -> SEALED           either: after its time, or on request
 *     SEALED -> WRITING        main: taken by the drop policy
 *     SEALED -> SENDING        reader: to the collector or to disk; main: to disk, before the process ends
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
/** Increases by one with every slab that is opened; wraps. */
export const SEQUENCE = 5;
export const FLAGS = 6;

/** In FLAGS: the slab holds an item that reports an error. */
export const HAS_ERROR = 1;
/** In FLAGS: a reader has taken the slab before. */
export const TAKEN = 2;

/** Words before those of the slabs. */
export const HEADER = STRIDE;
/** In the header: counts openings and seals. The reader sleeps on it. */
export const BELL = 0;
/** In the header: 1 while the reader will look by itself before a slab that is opened now is due. */
export const WATCHED = 1;

const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;
const DEFAULT_SLAB_BYTES = 256 * 1024;
const MIN_SLABS = 4;

/** Where a slab's SIGNAL word points in `SIGNALS`. */
export const signalIndex: Readonly<Record<Signal, number>> = { traces: 0, metrics: 1, logs: 2 };

/** Reserves addresses only. The system provides the pages when slabs are first written. */
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
