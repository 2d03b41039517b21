import { dirname, join, sep } from 'node:path';
import type { Signal } from '../wire/model.js';
import { addItems, countItems, noItems } from '../send/item-counts.js';
import { CursorFile, type Position } from './cursor-file.js';
import { removeFile } from './disk.js';
import { abolish, lockPath, makeDirectory, release, type Lock, type Owner } from './ownership.js';
import { PendingDeletes } from './pending-deletes.js';
import { parseSegmentName } from './segment-format.js';
import type { LeasedRecord } from './segment-record.js';
import { Segment } from './segment.js';
import type { SpoolContext } from './spool-context.js';

/** One sub-directory that this process owns: its lock, its segments, and how far they have been acknowledged. */
export class SpoolDirectory {
  readonly #context: SpoolContext;
  readonly #lock: Lock;
  readonly #cursor: CursorFile;
  readonly #deletes: PendingDeletes;
  /** The segments, in the order in which they were begun. */
  #segments: Segment[];
  #lastSequence: number;
  /** Names in the directory above outlast a power failure. */
  #isListed = false;
  #reads: Promise<unknown> = Promise.resolve();
  #persisting: Promise<void> | undefined;

  /** Makes a new directory below `root`. Throws the errors of the disk. */
  static async create(context: SpoolContext, root: string, us: Owner): Promise<SpoolDirectory> {
    const lock = await makeDirectory(context.disk, root, us, () => context.unixMs());
    return SpoolDirectory.open(context, lock);
  }

  /** Reads only names; `measure` does the rest. Throws the errors of the disk. */
  static async open(context: SpoolContext, lock: Lock): Promise<SpoolDirectory> {
    const directory = dirname(lock.directory);
    const cursor = await CursorFile.open(context.disk, join(directory, 'cursor'));
    try {
      const found = await listSegments(context, directory, cursor.position);
      return new SpoolDirectory(context, lock, cursor, found);
    } catch (error) {
      await cursor.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(context: SpoolContext, lock: Lock, cursor: CursorFile, found: Segment[]) {
    const { sequence } = cursor.position;
    this.#context = context;
    this.#lock = lock;
    this.#cursor = cursor;
    this.#segments = found.filter((segment) => segment.sequence >= sequence);
    const passed = found.filter((segment) => segment.sequence < sequence);
    this.#deletes = new PendingDeletes(context, passed);
    // New numbers are above the cursor's too: it would pass over a number that is used again.
    this.#lastSequence = Math.max(sequence, found.at(-1)?.sequence ?? 0);
    for (const segment of this.#segments) if (segment.isMeasured) segment.recover();
  }

  get path(): string {
    return dirname(this.#lock.directory);
  }

  /** The number of files with records. */
  get size(): number {
    return this.#segments.length + this.#deletes.finished;
  }

  /** True if nothing is left to send or to delete. */
  get isEmpty(): boolean {
    return this.#segments.length === 0 && this.#deletes.isEmpty;
  }

  /** True if a part may not outlast a power failure, whatever is done. */
  get isUnsure(): boolean {
    return this.#segments.some((segment) => segment.isUnsure);
  }

  /** Unix time of the oldest record in it. */
  get firstMs(): number {
    return this.#segments[0]?.firstMs ?? Infinity;
  }

  /** Makes a segment. Throws the errors of the disk, and leaves nothing of the segment then. */
  async beginSegment(): Promise<Segment> {
    this.#lastSequence += 1;
    const segment = Segment.begin(this.#context, this.path, this.#lastSequence);
    // The segment counts before its file is made, so that the cursor cannot pass it.
    this.#segments.push(segment);
    try {
      await segment.create();
    } catch (error) {
      segment.abandon();
      this.#remove(segment);
      throw error;
    }
    return segment;
  }

  /** The time at which the next record of these signals was kept; undefined if there is none now. */
  nextMs(signals: readonly Signal[]): number | undefined {
    return this.#oldest(signals, this.#context.clock.now())?.ms;
  }

  /** Leases the next record of these signals. Resolves to undefined if there is none, or the disk gives none now. */
  lease(signals: readonly Signal[]): Promise<LeasedRecord | undefined> {
    return this.#inTurn(async () => {
      const nowMs = this.#context.clock.now();
      const tried = new Set<Segment>();
      for (;;) {
        const { segment } = this.#oldest(signals, nowMs, tried) ?? {};
        const record = await segment?.lease(signals, nowMs);
        if (segment === undefined || record !== undefined) return record;
        tried.add(segment);
      }
    });
  }

  resetBackoff(signals: readonly Signal[]): void {
    for (const segment of this.#segments) segment.resetBackoff(signals);
  }

  /** Ends the rest of the oldest resting record of these signals. Returns false if none rests. */
  wakeOne(signals: readonly Signal[]): boolean {
    return this.#segments.some((segment) => segment.wakeOne(signals));
  }

  /** Measures segments that a crash left without a name, oldest first, until `atMs`. True when none is left. */
  async measure(atMs: number): Promise<boolean> {
    for (const segment of this.#segments.filter(({ isMeasured }) => !isMeasured)) {
      if (this.#context.clock.now() >= atMs) return false;
      await this.#inTurn(() => segment.measure());
    }
    return true;
  }

  /** Touches the lock, as a sign of life for processes that cannot see this one. Throws the errors of the disk. */
  async touch(): Promise<void> {
    await this.#context.disk.touch(lockPath(this.#lock));
  }

  /** Makes the names of its files and its own outlast a power failure. Throws the errors of the disk. */
  readonly fsyncNames = async (): Promise<void> => {
    const { disk } = this.#context;
    await disk.fsyncDirectory(this.path);
    if (!this.#isListed) await disk.fsyncDirectory(dirname(this.path));
    this.#isListed = true;
  };

  /** Evicts the oldest segment that nobody writes to. Returns false if there is none. */
  evictOldest(): boolean {
    const oldest = this.#segments.find(({ isDroppable }) => isDroppable);
    if (oldest !== undefined) this.#drop(oldest, 'evicted');
    return oldest !== undefined;
  }

  /** Drops segments whose last record is too old. */
  expire(): void {
    const latestMs = this.#context.unixMs() - this.#context.options.maxAgeMs;
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined || !oldest.isDroppable || oldest.lastMs >= latestMs) return;
      this.#drop(oldest, 'expired');
    }
  }

  /** Deletes dropped files; those that cannot go yet wait for `persist`. Never rejects. */
  deletePending(): Promise<void> {
    return this.#deletes.deletePending();
  }

  /** Gives the directory up: another process owns it now, and sends its records. */
  disown(): void {
    for (const segment of this.#segments.splice(0)) segment.drop('evicted');
    this.#deletes.forget();
    this.#cursor.close().catch(() => undefined);
  }

  /** Writes the cursor, and deletes the files before it when the disk has it. Throws the errors of the disk. */
  async persist(): Promise<void> {
    // A call that is under way may have read the position too early for this caller.
    if (this.#persisting !== undefined) await this.#persisting.catch(() => undefined);
    this.#persisting ??= this.#persist().finally(() => (this.#persisting = undefined));
    await this.#persisting;
  }

  /** Removes the directory if it is empty, and otherwise leaves it to the next process. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      for (const segment of this.#segments) segment.closeReading();
    });
    await this.persist().catch(() => undefined);
    const items = noItems();
    for (const segment of this.#segments) addItems(items, segment.acknowledgedAhead());
    if (countItems(items) > 0) this.#context.emit({ kind: 'repeated', items, path: this.path });
    await this.#cursor.close().catch(() => undefined);
    if (this.isEmpty) await this.#removeDirectory().catch(() => undefined);
    else await release(this.#context.disk, this.#lock).catch(() => undefined);
  }

  /**
   * The segment with the oldest record of these signals. Segments in `except` are skipped. Records of one signal go in
   * the order of the segments; between signals the time decides.
   */
  #oldest(
    signals: readonly Signal[],
    nowMs: number,
    except?: ReadonlySet<Segment>,
  ): { readonly ms: number; readonly segment: Segment } | undefined {
    let oldest: { readonly ms: number; readonly segment: Segment } | undefined;
    let open = signals;
    for (const segment of this.#segments) {
      if (open.length === 0 || segment.firstMs >= (oldest?.ms ?? Infinity)) break;
      if (except?.has(segment) === true) continue;
      const next = segment.next(open, nowMs);
      if (next === undefined) continue;
      if (next.ms < (oldest?.ms ?? Infinity)) oldest = { ms: next.ms, segment };
      open = open.filter((signal) => !next.of.includes(signal));
    }
    return oldest;
  }

  async #persist(): Promise<void> {
    // A segment may be drained before an earlier one, whose signal nobody takes.
    const finished = this.#segments.filter(({ isFinished }) => isFinished);
    if (finished.length > 0) this.#segments = this.#segments.filter((one) => !one.isFinished);
    for (const segment of finished) {
      this.#deletes.finish(segment);
      segment.closeReading();
    }
    await this.#deletes.deletePassed(async (passed) => this.#moveCursor(passed));
  }

  async #moveCursor(passed: boolean): Promise<void> {
    const [first] = this.#segments;
    const { position } = this.#cursor;
    const sequence = first?.sequence ?? this.#lastSequence + 1;
    const { offset, consumed } = first ?? { offset: 0, consumed: noItems() };
    if (position.sequence === sequence && position.offset === offset) return;
    if (passed || offset > 0) {
      // The cursor file itself may be new. Its name is not made durable at the opening: that would wait for other
      // writers.
      if (!this.#isListed) await this.fsyncNames();
      await this.#cursor.move({ sequence, offset, consumed: { ...consumed } });
    }
  }

  #drop(segment: Segment, reason: 'evicted' | 'expired'): void {
    this.#remove(segment);
    segment.drop(reason);
  }

  #remove(segment: Segment): void {
    const index = this.#segments.indexOf(segment);
    // The segment is not listed any more if another process took the directory over meanwhile.
    if (index !== -1) this.#segments.splice(index, 1);
    this.#deletes.markForDeletion(segment);
  }

  async #removeDirectory(): Promise<void> {
    const { disk } = this.#context;
    for (const name of ['cursor', 'probe']) await removeFile(disk, join(this.path, name));
    await abolish(disk, this.#lock);
    await disk.removeDirectory(this.path);
  }

  /** Runs one read after the other. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#reads.then(run);
    this.#reads = result.catch(() => undefined);
    return result;
  }
}

/** The segments of a directory, oldest first, by their names alone. */
async function listSegments(
  context: SpoolContext,
  directory: string,
  start: Position,
): Promise<Segment[]> {
  const names: string[] = [];
  for (const { name, kind } of await context.disk.list(directory)) {
    if (kind === 'file' && /^\d/.test(name)) names.push(name);
  }
  const segments: Segment[] = [];
  // Names sort as they were begun.
  for (const file of names.toSorted()) {
    const name = parseSegmentName(file);
    if (name === undefined) continue;
    segments.push(Segment.found(context, `${directory}${sep}${file}`, name, start));
  }
  return segments;
}
