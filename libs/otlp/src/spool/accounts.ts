import type { LossKind } from './events.js';
import { addItems, noItems, SIGNALS, subtractItems, type Items } from './items.js';
import { settle, type Entry, type Segment } from './segment.js';
import type { Surroundings } from './surroundings.js';

/*
 * Every change of the counts, so that at any moment
 * appended + recovered = acknowledged + evicted + expired + corrupt + held.
 */

/** Written just now. */
export function appended(around: Surroundings, segment: Segment, items: Items): void {
  const { counts } = around;
  for (const to of [segment.items, segment.left, segment.unread]) addItems(to, items);
  for (const to of [counts.appended, counts.held]) addItems(to, items);
}

/** Found just now, left by an earlier process: told before anything can become of it. */
export function recovered({ counts, emit }: Surroundings, path: string, items: Items): void {
  if (SIGNALS.every((signal) => items[signal] === 0)) return;
  for (const to of [counts.recovered, counts.held]) addItems(to, items);
  emit({ kind: 'adopted', items: { ...items }, path });
}

/** Read just now. A file that holds more than its name says counts as found just now. */
export function read(around: Surroundings, entry: Entry): void {
  const { segment, signal, items } = entry;
  segment.entries.push(entry);
  if (signal === undefined) return;
  const extra = Math.max(0, items - segment.unread[signal]);
  segment.unread[signal] -= items - extra;
  segment.left[signal] += extra;
  recovered(around, segment.path, { ...noItems(), [signal]: extra });
}

export function handed({ counts }: Surroundings, entry: Entry): Entry {
  entry.state = 'outstanding';
  counts.outstanding += 1;
  return entry;
}

/** Above the pause that its failure costs the others, or it would be the first again when that is over. */
const FIRST_REST_MS = 10_000;
const LAST_REST_MS = 300_000;

/** `done`: acknowledged; otherwise it is taken again after a rest, if its segment is still there. */
export function answered({ counts, clock }: Surroundings, entry: Entry, done: boolean): void {
  if (entry.state !== 'outstanding') return;
  const { segment, signal } = entry;
  counts.outstanding -= 1;
  if (!done && !segment.gone) {
    entry.state = 'returned';
    entry.notBeforeMs = clock.now() + Math.min(LAST_REST_MS, FIRST_REST_MS * 2 ** entry.returns);
    entry.returns += 1;
    segment.returned.push(entry);
    return;
  }
  entry.state = 'done';
  if (signal !== undefined) {
    (done ? counts.acknowledged : counts.evicted)[signal] += entry.items;
    counts.held[signal] -= entry.items;
    segment.left[signal] -= entry.items;
  }
  settle(segment);
}

/** An entry that was read and is of no use. */
export function lost(around: Surroundings, entry: Entry, kind: LossKind, bytes: number): void {
  const items = noItems();
  if (entry.signal !== undefined) items[entry.signal] = entry.items;
  lose(around, entry.segment, kind, items, bytes);
  settle(entry.segment);
}

/** All has been read: what the name promised beyond that lay where nothing could be read. */
export function drained(around: Surroundings, segment: Segment): void {
  segment.drained = true;
  const rest = { ...segment.unread };
  subtractItems(segment.unread, rest);
  if (SIGNALS.some((signal) => rest[signal] > 0)) lose(around, segment, 'corrupt', rest, 0);
}

/** The file goes as a whole; what is outstanding of it is settled when its answer comes. */
export function dropped(around: Surroundings, segment: Segment, kind: LossKind): void {
  segment.gone = true;
  const items = { ...segment.unread };
  subtractItems(segment.unread, items);
  for (const entry of segment.returned.splice(0)) {
    entry.state = 'done';
    if (entry.signal !== undefined) items[entry.signal] += entry.items;
  }
  around.counts.bytes -= segment.bytes;
  lose(around, segment, kind, items, segment.bytes - segment.offset);
}

function lose(
  { counts, emit }: Surroundings,
  segment: Segment,
  kind: LossKind,
  items: Items,
  bytes: number,
): void {
  subtractItems(segment.left, items);
  subtractItems(counts.held, items);
  addItems(counts[kind], items);
  if (kind === 'corrupt') counts.corruptBytes += bytes;
  emit({ kind, items, bytes, path: segment.path });
}
