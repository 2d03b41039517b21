import type { Signal } from '../wire/model.js';
import { type ItemCounts, addItems, countItems, hasItems, noItems } from '../send/item-counts.js';
import { type DropReason, restOf } from './counts.js';
import type { SegmentFile } from './segment-file.js';
import type { Answer, SegmentRecord } from './segment-record.js';
import type { SpoolContext } from './spool-context.js';

/** The view of a segment that its reader has. */
export interface SegmentExtent {
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly isSealed: boolean;
}

/** The record that a segment gives next. */
export interface Next {
  /** The time at which the record was kept, or soon before. */
  readonly ms: number;
  /** The signals that the record may belong to. */
  readonly of: readonly Signal[];
}

/**
 * The part of one segment that is still to be sent. Records that were not read yet are only counted; those that were
 * read stand here one by one until they are settled. Each change is counted, so that the equation of `SpoolStats` holds.
 */
export class SegmentBacklog {
  readonly #context: SpoolContext;
  readonly #file: SegmentFile;
  readonly #extent: SegmentExtent;
  readonly #unread = noItems();
  readonly #consumed = noItems();
  /** Records that were read and lie behind the offset, in the order of the file. */
  readonly #read: SegmentRecord[] = [];
  /** Records that were given back and wait for another lease. */
  readonly #waiting: SegmentRecord[] = [];
  #offset = 0;
  /** The end of the last record that was read. */
  #readEnd = 0;
  /** The time at which the last record that was read was kept; 0 before the first. */
  #readMs = 0;
  #isDrained = false;
  #isGone = false;

  constructor(context: SpoolContext, file: SegmentFile, extent: SegmentExtent) {
    this.#context = context;
    this.#file = file;
    this.#extent = extent;
  }

  /** Everything before it is settled. */
  get offset(): number {
    return this.#offset;
  }

  /** Items before the offset. */
  get consumed(): ItemCounts {
    return this.#consumed;
  }

  /** All that was read is settled. */
  get isSettled(): boolean {
    return this.#read.length === 0;
  }

  /** All of a sealed file has been read. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  /** The segment was evicted or expired: leased records cannot be leased again. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Continues where an earlier process stopped. */
  resume(offset: number, consumed: ItemCounts): void {
    this.#offset = offset;
    addItems(this.#consumed, consumed);
  }

  /** Counts the records that an earlier process left; `items` are those of the whole file. */
  recover(items: ItemCounts): void {
    Object.assign(this.#unread, restOf(items, this.#consumed));
    this.#recovered({ ...this.#unread });
  }

  append(items: ItemCounts, bytes: number): void {
    this.#context.counts.appended(items);
    // Nobody reads on in a file that was lost while it was being written.
    if (this.#isDrained) this.#dropped('corrupt', items, bytes);
    else addItems(this.#unread, items);
  }

  /** Returns undefined if no record of these signals can be leased. */
  next(signals: readonly Signal[], nowMs: number): Next | undefined {
    const { atMs, signal } = this.#rested(signals, nowMs)?.facts ?? {};
    if (atMs !== undefined && signal !== undefined) return { ms: atMs, of: [signal] };
    if (this.#isGone || this.#isDrained) return undefined;
    const ms = Math.max(this.#extent.firstMs, this.#readMs);
    const unread = signals.filter((one) => this.#unread[one] > 0);
    if (unread.length > 0) return { ms, of: unread };
    // A reader must find the end of the file, and records that its name does not count.
    return countItems(this.#unread) === 0 && this.#hasMore() ? { ms, of: signals } : undefined;
  }

  /** Leases a record of these signals that came back long enough ago. */
  leaseRested(signals: readonly Signal[], nowMs: number): SegmentRecord | undefined {
    const record = this.#rested(signals, nowMs);
    if (record === undefined) return undefined;
    this.#waiting.splice(this.#waiting.indexOf(record), 1);
    return this.lease(record);
  }

  lease(record: SegmentRecord): SegmentRecord {
    record.lease();
    this.#context.counts.leased();
    return record;
  }

  /** Sets a record aside until its signal is asked for. A record of a file that is gone is dropped. */
  wait(record: SegmentRecord): void {
    if (this.#isGone) return this.dropRecord(record, 'evicted', record.bytes);
    record.wait();
    this.#waiting.push(record);
  }

  /** A record was read. A file that holds more than its name says counts as found just now. */
  enter(record: SegmentRecord): void {
    const { signal, items, atMs, end } = record.facts;
    this.#read.push(record);
    this.#readEnd = end;
    this.#readMs = atMs;
    if (signal === undefined) return;
    const extra = Math.max(0, items - this.#unread[signal]);
    this.#unread[signal] -= items - extra;
    if (extra > 0) this.#recovered({ ...noItems(), [signal]: extra });
  }

  dropRecord(record: SegmentRecord, reason: DropReason, bytes: number): void {
    const items = noItems();
    record.addItemsTo(items);
    record.drop();
    this.#dropped(reason, items, bytes);
    this.#advance();
  }

  /** Ends a lease before its taker sees it: the record could not be read again, now or for good. */
  revoke(record: SegmentRecord, isCorrupt: boolean): void {
    if (!isCorrupt || this.#isGone) return this.settle(record, 'untried');
    this.#context.counts.returned();
    this.dropRecord(record, 'corrupt', record.bytes);
  }

  /** A record that is not settled is leased again while its segment exists. A failed one rests first. */
  settle(record: SegmentRecord, answer: Answer): void {
    if (!record.isLeased) return;
    const { counts, clock } = this.#context;
    counts.returned();
    if (answer === 'done') {
      record.acknowledge();
      const { signal, items } = record.facts;
      if (signal !== undefined) counts.acknowledged(signal, items);
      this.#advance();
    } else {
      if (answer === 'failed') record.rest(clock.now());
      this.wait(record);
    }
  }

  resetBackoff(signals: readonly Signal[]): void {
    for (const record of this.#waiting) if (record.isOf(signals)) record.resetBackoff();
  }

  wakeOne(signals: readonly Signal[]): boolean {
    const record = this.#waiting.find((one) => one.isOf(signals));
    record?.wake();
    return record !== undefined;
  }

  /** The whole file has been read. Further items that its name counts lay in bytes that could not be read. */
  drain(): void {
    this.#isDrained = true;
    const rest = this.#takeUnread();
    if (hasItems(rest)) this.#dropped('corrupt', rest, 0);
  }

  /** The disk does not give the rest of the file: what was not read of it is lost. Without effect the second time. */
  lose(): void {
    if (this.#isDrained || this.#isGone) return;
    this.#isDrained = true;
    const end = Math.max(this.#offset, this.#readEnd);
    this.#dropped('corrupt', this.#takeUnread(), Math.max(0, this.#extent.bytes - end));
  }

  /** The file goes as a whole. Leased records are settled when their answers come. */
  drop(reason: 'evicted' | 'expired'): void {
    this.#isGone = true;
    const items = this.#takeUnread();
    for (const record of this.#waiting.splice(0)) {
      record.drop();
      record.addItemsTo(items);
    }
    this.#dropped(reason, items, this.#extent.bytes - this.#offset);
  }

  /** The number of items that were acknowledged behind a record that was not. The cursor stops before them. */
  acknowledgedAhead(): ItemCounts {
    const items = noItems();
    for (const record of this.#read) {
      if (record.isAcknowledged) record.addItemsTo(items);
    }
    return items;
  }

  #rested(signals: readonly Signal[], nowMs: number): SegmentRecord | undefined {
    return this.#waiting.find((record) => record.isOf(signals) && record.isRested(nowMs));
  }

  #hasMore(): boolean {
    const { isSealed, bytes } = this.#extent;
    return isSealed || (this.#file.readOffset ?? this.#offset) < bytes;
  }

  /** Moves the offset over all settled records. */
  #advance(): void {
    let settled = 0;
    for (const record of this.#read) {
      if (!record.isSettled) break;
      settled += 1;
      this.#offset = record.facts.end;
      record.addItemsTo(this.#consumed);
    }
    this.#read.splice(0, settled);
  }

  #takeUnread(): Record<Signal, number> {
    const items = { ...this.#unread };
    Object.assign(this.#unread, noItems());
    return items;
  }

  #dropped(reason: DropReason, items: ItemCounts, bytes: number): void {
    const { counts } = this.#context;
    counts.dropped(reason, items);
    if (reason === 'corrupt') counts.addCorruptBytes(bytes);
    this.#context.emit({ kind: reason, items, bytes, path: this.#file.path });
  }

  /** Reports the items before any of them can be settled. */
  #recovered(items: ItemCounts): void {
    if (!hasItems(items)) return;
    this.#context.counts.recovered(items);
    this.#context.emit({ kind: 'adopted', items: { ...items }, path: this.#file.path });
  }
}
