import type { Signal } from '../wire/model.js';
import { countItems, noItems, type Items, type Tally } from './items.js';
import { SEGMENT_HEADER_BYTES } from './record.js';
import type { SegmentScanner } from './scanner.js';

/** One file of records, as this process knows it. */
export interface Segment {
  readonly sequence: number;
  path: string;
  /** Nobody writes to it any more. */
  retired: boolean;
  /** And it is closed, under the name that it keeps. */
  sealed: boolean;
  /** False until `bytes`, times and items are known: a crash left it without them in its name. */
  measured: boolean;
  /** Evicted or expired: what is still outstanding cannot be taken again. */
  gone: boolean;
  /** A sync of it failed: what the system dropped then, no later sync brings back. */
  unsure: boolean;
  bytes: number;
  firstMs: number;
  lastMs: number;
  /** Of all its records. */
  items: Tally;
  /** Of those that are neither acknowledged nor lost. */
  left: Tally;
  /** Of those not read yet. */
  unread: Tally;
  /** Of those before `offset`. */
  readonly consumed: Tally;
  /** When the last was kept that was read; 0 before. */
  readMs: number;
  /** Everything before it is done with. */
  offset: number;
  /** Read after `offset`, in the order of the file. */
  readonly entries: Entry[];
  /** Entries that came back. */
  readonly returned: Entry[];
  reading: { readonly file: number; readonly scanner: SegmentScanner } | undefined;
  /** Times in a row that the disk did not let us read on. */
  failures: number;
  /** All of a sealed one has been read. */
  drained: boolean;
}

/** A record on its way, or a stretch that cannot be read. */
export interface Entry {
  readonly segment: Segment;
  readonly signal: Signal | undefined;
  readonly items: number;
  /** Where it begins, and where the next does. */
  readonly start: number;
  readonly end: number;
  /** Empty while it waits to be taken again. */
  body: Uint8Array;
  readonly atMs: number;
  /** `done`: acknowledged. `lost`: thrown away, or of no use. */
  state: 'outstanding' | 'returned' | 'done' | 'lost';
  /** The process that wrote it may have sent it. */
  readonly inherited: boolean;
  /** An attempt of this process failed that may have arrived. */
  doubtful: boolean;
  /** How often it came back, and the clock's time before which others go first. */
  returns: number;
  pardons: number;
  notBeforeMs: number;
}

export function newSegment(sequence: number, path: string, nowMs: number): Segment {
  return {
    sequence,
    path,
    retired: false,
    sealed: false,
    measured: true,
    gone: false,
    unsure: false,
    bytes: 0,
    firstMs: nowMs,
    lastMs: nowMs,
    items: noItems(),
    left: noItems(),
    unread: noItems(),
    consumed: noItems(),
    readMs: 0,
    offset: 0,
    entries: [],
    returned: [],
    reading: undefined,
    failures: 0,
    drained: false,
  };
}

/** Moves `offset` over all that is done with. */
export function settle(segment: Segment): void {
  let done = 0;
  for (const entry of segment.entries) {
    if (entry.state === 'outstanding' || entry.state === 'returned') break;
    done += 1;
    segment.offset = entry.end;
    if (entry.signal !== undefined) segment.consumed[entry.signal] += entry.items;
  }
  segment.entries.splice(0, done);
}

const isRested =
  (signals: readonly Signal[], nowMs: number) =>
  ({ signal, notBeforeMs }: Entry): boolean =>
    signal !== undefined && signals.includes(signal) && notBeforeMs <= nowMs;

/** An entry of these signals that came back long enough ago. */
export function takeRested(
  { returned }: Segment,
  signals: readonly Signal[],
  nowMs: number,
): Entry | undefined {
  const at = returned.findIndex(isRested(signals, nowMs));
  return at === -1 ? undefined : returned.splice(at, 1)[0];
}

interface Next {
  /** When it was kept, or soon before. */
  readonly ms: number;
  /** What it may be of. */
  readonly of: readonly Signal[];
}

/** What of these signals can be taken next from it; undefined where nothing can. */
export function nextOf(
  segment: Segment,
  signals: readonly Signal[],
  nowMs: number,
): Next | undefined {
  const { returned, unread, firstMs, readMs } = segment;
  const rested = returned.find(isRested(signals, nowMs));
  if (rested?.signal !== undefined) return { ms: rested.atMs, of: [rested.signal] };
  if (segment.gone || segment.drained) return undefined;
  if (!segment.measured) return { ms: 0, of: signals };
  const ms = Math.max(firstMs, readMs);
  if (signals.some((signal) => unread[signal] > 0)) {
    return { ms, of: signals.filter((signal) => unread[signal] > 0) };
  }
  // Somebody must find the end of it, and what its name does not tell of.
  return countItems(unread) === 0 && hasMore(segment) ? { ms, of: signals } : undefined;
}

const hasMore = ({ sealed, reading, offset, bytes }: Segment): boolean =>
  sealed || (reading?.scanner.offset ?? offset) < bytes;

/**
 * The one with the oldest of these signals, those in `except` left out: in the order of the segments for each signal,
 * by time between signals.
 */
export function oldestOf(
  segments: readonly Segment[],
  signals: readonly Signal[],
  nowMs: number,
  except?: ReadonlySet<Segment>,
): (Next & { readonly segment: Segment }) | undefined {
  let oldest: (Next & { readonly segment: Segment }) | undefined;
  let open = signals;
  for (const segment of segments) {
    // They stand as they were begun.
    if (open.length === 0 || segment.firstMs >= (oldest?.ms ?? Infinity)) break;
    if (except?.has(segment) === true) continue;
    const next = nextOf(segment, open, nowMs);
    if (next === undefined) continue;
    if (next.ms < (oldest?.ms ?? Infinity)) oldest = { ...next, segment };
    open = open.filter((signal) => !next.of.includes(signal));
  }
  return oldest;
}

/** What was acknowledged after something that was not: where the cursor stops. */
export function aheadOf(segments: readonly Segment[]): Items {
  const items = noItems();
  for (const { entries } of segments) {
    for (const { state, signal, items: count } of entries) {
      if (state === 'done' && signal !== undefined) items[signal] += count;
    }
  }
  return items;
}

/** Nothing of it is needed any more. */
export const isFinished = (segment: Segment): boolean =>
  segment.sealed &&
  segment.measured &&
  segment.entries.length === 0 &&
  (segment.drained || segment.offset >= segment.bytes || segment.bytes <= SEGMENT_HEADER_BYTES);
