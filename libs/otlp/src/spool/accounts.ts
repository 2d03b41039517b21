import type { Signal } from '../wire/model.js';
import type { LossKind } from './events.js';
import { SIGNALS } from '../wire/model.js';
import { addItems, noItems, subtractItems, type Items } from './items.js';
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
  segment.readMs = entry.atMs;
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
const MOST_PARDONS = 3;
const NOTHING = new Uint8Array(0);

/** `untried`: nobody was asked to take it. */
export type Answer = 'done' | 'failed' | 'untried';

/** What is not done is taken again, after a rest where it failed, if its segment is still there. */
export function answered(around: Surroundings, entry: Entry, answer: Answer): void {
  if (entry.state !== 'outstanding') return;
  const { counts, clock } = around;
  const { segment, signal } = entry;
  counts.outstanding -= 1;
  // There may be many of them, and for long.
  entry.body = NOTHING;
  if (answer === 'done') {
    entry.state = 'done';
    if (signal !== undefined) {
      counts.acknowledged[signal] += entry.items;
      counts.held[signal] -= entry.items;
      segment.left[signal] -= entry.items;
    }
    settle(segment);
    return;
  }
  if (segment.gone) {
    entry.state = 'lost';
    lost(around, entry, 'evicted', entry.end - entry.start);
    return;
  }
  entry.state = 'returned';
  if (answer === 'failed') {
    entry.notBeforeMs = clock.now() + Math.min(LAST_REST_MS, FIRST_REST_MS * 2 ** entry.returns);
    entry.returns += 1;
  }
  segment.returned.push(entry);
}

/** One that was read on the way to another: it is taken when somebody asks for its signal. */
export function setAside(entry: Entry): void {
  entry.state = 'returned';
  entry.body = NOTHING;
  entry.segment.returned.push(entry);
}

/** What failed while nothing was taken need not rest; what fails each time, whoever else is taken, does in the end. */
export function pardoned({ returned }: Segment, signals: readonly Signal[]): void {
  for (const entry of returned) {
    if (entry.signal === undefined || !signals.includes(entry.signal)) continue;
    if (entry.pardons === MOST_PARDONS) continue;
    entry.pardons += 1;
    entry.notBeforeMs = 0;
  }
}

/** One that was handed out and turned out to be of no use. */
export function revoked(around: Surroundings, entry: Entry): void {
  around.counts.outstanding -= 1;
  entry.state = 'lost';
  lost(around, entry, 'corrupt', entry.end - entry.start);
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
    entry.state = 'lost';
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
