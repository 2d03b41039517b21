import { join } from 'node:path';
import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import { type ItemCounts, addItems, noItems } from '../send/item-counts.js';
import type { Position } from './cursor-file.js';
import { SegmentBacklog, type Next, type SegmentExtent } from './segment-backlog.js';
import { SegmentFile, type Measured } from './segment-file.js';
import { openName, recordBytes, SEGMENT_HEADER_BYTES, type SegmentName } from './segment-format.js';
import { SegmentReader } from './segment-reader.js';
import { LeasedRecord } from './segment-record.js';
import type { SpoolContext } from './spool-context.js';

/*
 * A segment has a stage for its writer:
 *
 *   writing -> retired -> sealed        retired: nothing more is written. sealed: closed, under the name that it keeps.
 *
 * Its readers see it in a state of their own, at any of these stages:
 *
 *   found -> measured -> drained        found: a crash left it without a name that gives its contents.
 *               \-> gone                drained: all of it has been read. gone: evicted or expired as a whole.
 */

/**
 * One file of records as this process knows it. Each change of it is a method here, with the counts that it changes.
 */
export class Segment implements SegmentExtent {
  readonly #context: SpoolContext;
  readonly #file: SegmentFile;
  readonly #backlog: SegmentBacklog;
  readonly #reader: SegmentReader;
  #stage: 'writing' | 'retired' | 'sealed' = 'writing';
  /** A write is under way. */
  #isBusy = false;
  #isMeasured = true;
  #bytes = 0;
  #firstMs: number;
  #lastMs: number;
  /** The items of all its records. */
  readonly #items = noItems();

  private constructor(context: SpoolContext, sequence: number, path: string) {
    this.#context = context;
    this.#file = new SegmentFile(context.disk, sequence, path);
    this.#backlog = new SegmentBacklog(context, this.#file, this);
    this.#reader = new SegmentReader(context, this.#file, this, this.#backlog);
    this.#firstMs = context.unixMs();
    this.#lastMs = this.#firstMs;
  }

  /** A segment that `create` makes on the disk. */
  static begin(context: SpoolContext, directory: string, sequence: number): Segment {
    return new Segment(context, sequence, join(directory, openName(sequence)));
  }

  /** A segment that another process left. `start` is the position of the directory's cursor. Nothing is counted yet. */
  static found(context: SpoolContext, path: string, name: SegmentName, start: Position): Segment {
    const segment = new Segment(context, name.sequence, path);
    segment.#stage = 'sealed';
    segment.#isMeasured = name.kind === 'sealed';
    if (name.sequence === start.sequence) segment.#backlog.resume(start.offset, start.consumed);
    if (name.kind === 'sealed') {
      const nowMs = segment.#firstMs;
      // A clock that was ahead then must not keep them for longer now.
      const times = {
        firstMs: Math.min(name.firstMs, nowMs),
        lastMs: Math.min(name.lastMs, nowMs),
      };
      segment.#learn({ ...name, ...times });
    }
    return segment;
  }

  get sequence(): number {
    return this.#file.sequence;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get firstMs(): number {
    return this.#firstMs;
  }

  get lastMs(): number {
    return this.#lastMs;
  }

  /** All records before this offset are settled. */
  get offset(): number {
    return this.#backlog.offset;
  }

  /** Items before the offset. */
  get consumed(): ItemCounts {
    return this.#backlog.consumed;
  }

  get isMeasured(): boolean {
    return this.#isMeasured;
  }

  get isSealed(): boolean {
    return this.#stage === 'sealed';
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** False also for a file that was lost while it was being written. */
  get isWritable(): boolean {
    return this.#stage === 'writing' && !this.#backlog.isDrained;
  }

  /** True if no write to the segment can come any more, and its contents are known. */
  get isDroppable(): boolean {
    return this.#stage !== 'writing' && !this.#isBusy && this.#isMeasured;
  }

  /** True if a part may not outlast a power failure, whatever is done. */
  get isUnsure(): boolean {
    return this.#file.isUnsure;
  }

  get isSynced(): boolean {
    return this.#file.syncedBytes >= this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes <= SEGMENT_HEADER_BYTES;
  }

  /** True if all written records are settled. */
  get isConsumed(): boolean {
    return this.#backlog.isSettled && (this.#backlog.isDrained || this.offset >= this.#bytes);
  }

  /** True if the segment is not needed any more. */
  get isFinished(): boolean {
    if (!this.isSealed || !this.#isMeasured || !this.#backlog.isSettled) return false;
    return this.#backlog.isDrained || this.offset >= this.#bytes || this.isEmpty;
  }

  /** Makes the file. Throws the errors of the disk; the segment is of no use then. */
  async create(): Promise<void> {
    await this.#file.create();
    this.#bytes = SEGMENT_HEADER_BYTES;
    this.#context.counts.addBytes(SEGMENT_HEADER_BYTES);
  }

  /** Marks a segment whose file could not be made. */
  abandon(): void {
    this.#stage = 'sealed';
  }

  /** `fsyncNames` is given if the batches are to be durable. Throws the errors of the disk; no batch is kept then. */
  async append(batches: readonly Batch[], fsyncNames?: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#file.write(batches, this.#context.stampMs(), this.#bytes);
      if (fsyncNames !== undefined) await this.fsync(fsyncNames);
      this.#commit(batches);
      if (fsyncNames !== undefined) this.#file.markSynced(this.#bytes);
    } catch (error) {
      await this.#file.truncate(this.#bytes);
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  /** `fsyncNames` is as in `SegmentFile`. Throws the errors of the disk. */
  async fsync(fsyncNames: () => Promise<void>): Promise<void> {
    await this.#file.fsync(this.#bytes, fsyncNames);
  }

  /** Ends appending once a write that is under way has ended. */
  retire(): void {
    if (this.#stage === 'writing') this.#stage = 'retired';
  }

  /** Closes the file under its last name. Throws the errors of the fsync only; the rest is only a name. */
  async seal(fsyncNames: () => Promise<void>): Promise<void> {
    try {
      if (!this.#backlog.isGone && !this.isSynced) await this.fsync(fsyncNames);
    } finally {
      // Others compare the times with the wall clock, which may have gone on by itself since the spool was opened.
      const aheadMs = this.#context.stampMs() - this.#context.unixMs();
      if (!this.#backlog.isGone) await this.#name(aheadMs).catch(() => undefined);
      await this.#file.closeWriting();
      this.#stage = 'sealed';
    }
  }

  /** Counts the items that an earlier process left in it. */
  recover(): void {
    this.#context.counts.addBytes(this.#bytes);
    this.#backlog.recover(this.#items);
  }

  /** Measures a file that a crash left. Errors of the disk count against the segment. */
  async measure(): Promise<void> {
    if (this.#isMeasured || this.#backlog.isGone) return;
    try {
      const measured = await this.#file.measure(this.#context.unixMs());
      if (this.#backlog.isGone) return;
      this.#learn(measured);
    } catch (error) {
      // There is nothing left to learn of a file that cannot be read.
      this.#isMeasured = this.#reader.failed(error);
      return;
    }
    this.#isMeasured = true;
    this.recover();
    await this.#name(0).catch(() => undefined);
  }

  /** The next record of these signals; undefined if there is none now. */
  next(signals: readonly Signal[], nowMs: number): Next | undefined {
    if (!this.#isMeasured && !this.#backlog.isGone) return { ms: 0, of: signals };
    return this.#backlog.next(signals, nowMs);
  }

  /** Resolves to undefined if there is none, or the disk gives none now. One lease runs at a time. */
  async lease(signals: readonly Signal[], nowMs: number): Promise<LeasedRecord | undefined> {
    // The file may not even exist yet.
    if (!this.isSealed && this.isEmpty) return undefined;
    if (!this.#isMeasured) await this.measure();
    if (!this.#isMeasured) return undefined;
    const record = await this.#reader.lease(signals, nowMs);
    if (record === undefined) return undefined;
    const unixMs = this.#context.unixMs();
    return new LeasedRecord(record, unixMs, (answer) => this.#backlog.settle(record, answer));
  }

  resetBackoff(signals: readonly Signal[]): void {
    this.#backlog.resetBackoff(signals);
  }

  /** Ends the rest of the first resting record of these signals. Returns false if none rests. */
  wakeOne(signals: readonly Signal[]): boolean {
    return this.#backlog.wakeOne(signals);
  }

  /** Its bytes no longer count. Leased records are settled when their answers come. */
  drop(reason: 'evicted' | 'expired'): void {
    this.#context.counts.removeBytes(this.#bytes);
    this.#backlog.drop(reason);
    this.#reader.close();
  }

  closeReading(): void {
    this.#reader.close();
  }

  /** The number of items that were acknowledged behind a record that was not. The cursor stops before them. */
  acknowledgedAhead(): ItemCounts {
    return this.#backlog.acknowledgedAhead();
  }

  /** Deletes the file; a file that does not exist is no error. Throws the other errors of the disk. */
  async remove(): Promise<void> {
    await this.#file.remove();
  }

  /** The batches are in the file now, so readers may have them. */
  #commit(batches: readonly Batch[]): void {
    const items = noItems();
    let bytes = 0;
    for (const batch of batches) {
      items[batch.signal] += batch.items;
      bytes += recordBytes(batch);
    }
    this.#lastMs = this.#context.unixMs();
    this.#bytes += bytes;
    this.#context.counts.addBytes(bytes);
    addItems(this.#items, items);
    this.#backlog.append(items, bytes);
  }

  #learn({ bytes, firstMs, lastMs, items }: Measured): void {
    this.#bytes = bytes;
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
    Object.assign(this.#items, items);
  }

  /** Seals the segment under a name that gives its contents. `aheadMs` is added to its times. */
  async #name(aheadMs: number): Promise<void> {
    await this.#file.seal({
      bytes: this.#bytes,
      firstMs: Math.max(0, this.#firstMs + aheadMs),
      lastMs: Math.max(0, this.#lastMs + aheadMs),
      items: this.#items,
    });
  }
}
