import { dirname, join } from 'node:path';
import type { Signal } from '../wire/model.js';
import { answered, dropped, handed, pardoned, setAside, type Answer } from './accounts.js';
import { CursorFile } from './cursor.js';
import { countItems, noItems } from './items.js';
import { abolish, release, type Lock } from './lock.js';
import { closeReading, measureOrFail, readAgain, readNext } from './reading.js';
import { Remains, removeFile, without } from './remains.js';
import {
  aheadOf,
  isFinished,
  newSegment,
  oldestOf,
  takeRested,
  type Entry,
  type Segment,
} from './segment.js';
import { openName } from './segment-name.js';
import type { Surroundings } from './surroundings.js';
import { listSegments, recover } from './survey.js';

/** One directory of segments that this process owns: what is in it, and how far it has been acknowledged. */
export class Journal {
  readonly lock: Lock;
  readonly #around: Surroundings;
  readonly #cursor: CursorFile;
  #segments: Segment[];
  readonly #remains: Remains;
  #listed = false;
  #lastSequence: number;
  #readings: Promise<unknown> = Promise.resolve();
  #reading: Segment | undefined;
  #persisting: Promise<void> | undefined;

  /** Reads names only; `survey` does the rest. Throws what the disk throws. */
  static async open(around: Surroundings, lock: Lock): Promise<Journal> {
    const directory = dirname(lock.directory);
    const cursor = await CursorFile.open(around.disk, join(directory, 'cursor'));
    try {
      const found = await listSegments(around.disk, directory, cursor, around.unixMs());
      return new Journal(around, lock, cursor, found);
    } catch (error) {
      await cursor.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(around: Surroundings, lock: Lock, cursor: CursorFile, found: Segment[]) {
    const { sequence } = cursor.position;
    this.lock = lock;
    this.#around = around;
    this.#cursor = cursor;
    this.#segments = found.filter((segment) => segment.sequence >= sequence);
    const passed = found.filter((segment) => segment.sequence < sequence);
    this.#remains = new Remains(around, passed);
    // Above the cursor's too, which would pass over a number that is used again.
    this.#lastSequence = Math.max(sequence, found.at(-1)?.sequence ?? 0);
    for (const segment of this.#segments) if (segment.measured) recover(segment, around);
  }

  get directory(): string {
    return dirname(this.lock.directory);
  }

  /** Files of records. */
  get size(): number {
    return this.#segments.length + this.#remains.finished;
  }

  /** Nothing to send and nothing to remove. */
  get empty(): boolean {
    return this.#segments.length === 0 && this.#remains.empty;
  }

  /** Something of it may not outlast a power failure, whatever is done. */
  get unsure(): boolean {
    return this.#segments.some((segment) => segment.unsure);
  }

  /** Unix time of the oldest record in it. */
  get firstMs(): number {
    return this.#segments[0]?.firstMs ?? Infinity;
  }

  /**
   * A segment that its writer makes next. It counts from now on, so that the cursor cannot pass it before it is
   * there; `bytes`, times and items are the writer's to keep up to date.
   */
  begin(): Segment {
    this.#lastSequence += 1;
    const path = join(this.directory, openName(this.#lastSequence));
    const segment = newSegment(this.#lastSequence, path, this.#around.unixMs());
    this.#segments.push(segment);
    return segment;
  }

  /** One that could not be made; of what there is of it nothing stays. */
  abandon(segment: Segment): void {
    without(this.#segments, segment);
    segment.sealed = true;
    this.#remains.doom(segment);
  }

  /** When the record of these signals was kept that `take` gives next; undefined where there is none now. */
  nextMs(signals: readonly Signal[]): number | undefined {
    return oldestOf(this.#segments, signals, this.#around.clock.now())?.ms;
  }

  /** The next record of these signals; undefined where there is none or the disk does not give it now. */
  take(signals: readonly Signal[]): Promise<Entry | undefined> {
    return this.#alone(async () => {
      const nowMs = this.#around.clock.now();
      const tried = new Set<Segment>();
      for (;;) {
        const { segment } = oldestOf(this.#segments, signals, nowMs, tried) ?? {};
        const entry = segment && (await this.#takeFrom(segment, signals, nowMs));
        if (segment === undefined || entry !== undefined) return entry;
        tried.add(segment);
      }
    });
  }

  /** Safe twice. */
  answer(entry: Entry, answer: Answer): void {
    answered(this.#around, entry, answer);
  }

  pardon(signals: readonly Signal[]): void {
    for (const segment of this.#segments) pardoned(segment, signals);
  }

  /** Ends the rest of the oldest of these signals that rests. False where none does. */
  wakeOne(signals: readonly Signal[]): boolean {
    for (const { returned } of this.#segments) {
      const entry = returned.find(({ signal }) => signal !== undefined && signals.includes(signal));
      if (entry === undefined) continue;
      entry.notBeforeMs = 0;
      return true;
    }
    return false;
  }

  /** Measures what a crash left without a name, oldest first, until `atMs`. True when nothing is left to do. */
  async survey(atMs: number): Promise<boolean> {
    for (const segment of this.#segments.filter(({ measured }) => !measured)) {
      if (this.#around.clock.now() >= atMs) return false;
      await this.#alone(() => measureOrFail(this.#around, segment));
    }
    return true;
  }

  /** What is in the directory, and the directory itself, outlasts a power failure. Throws what the disk throws. */
  async syncNames(): Promise<void> {
    const { disk } = this.#around;
    await disk.syncDirectory(this.directory);
    if (!this.#listed) await disk.syncDirectory(dirname(this.directory));
    this.#listed = true;
  }

  /** Throws away the oldest segment that nobody writes to. False where there is none. */
  evictOldest(): boolean {
    const oldest = this.#segments.find(({ retired, measured }) => retired && measured);
    if (oldest !== undefined) this.#drop(oldest, 'evicted');
    return oldest !== undefined;
  }

  /** Takes what was thrown away off the disk; what cannot go yet waits for `persist`. Never rejects. */
  bury(): Promise<void> {
    return this.#remains.bury();
  }

  /** Throws away segments whose last record is too old. */
  expire(): void {
    const latest = this.#around.unixMs() - this.#around.options.maxAgeMs;
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined || !oldest.retired || !oldest.measured) return;
      if (oldest.lastMs >= latest) return;
      this.#drop(oldest, 'expired');
    }
  }

  /** Somebody else's now: what is in it is theirs to send. */
  disown(): void {
    for (const segment of this.#segments.splice(0)) {
      dropped(this.#around, segment, 'evicted');
      closeReading(this.#around, segment);
    }
    this.#remains.forget();
    this.#cursor.close().catch(() => undefined);
  }

  /** The cursor first, and only when the disk has it the files before it. Throws what the disk throws. */
  async persist(): Promise<void> {
    // One that is under way may have looked too early for what its caller wants kept.
    if (this.#persisting !== undefined) await this.#persisting.catch(() => undefined);
    this.#persisting ??= this.#persist().finally(() => (this.#persisting = undefined));
    await this.#persisting;
  }

  /** Removes the directory where it is empty, otherwise leaves it to the next. */
  async close(): Promise<void> {
    await this.#alone(async () => {
      for (const segment of this.#segments) closeReading(this.#around, segment);
    });
    await this.persist().catch(() => undefined);
    const items = aheadOf(this.#segments);
    if (countItems(items) > 0) {
      this.#around.emit({ kind: 'repeated', items, path: this.directory });
    }
    await this.#cursor.close().catch(() => undefined);
    if (this.empty) await this.#removeDirectory().catch(() => undefined);
    else await release(this.#around.disk, this.lock).catch(() => undefined);
  }

  async #persist(): Promise<void> {
    // Wherever they stand: one before may be of a signal that nobody takes.
    const finished = this.#segments.filter(isFinished);
    if (finished.length > 0) this.#segments = this.#segments.filter((one) => !isFinished(one));
    for (const segment of finished) {
      this.#remains.finish(segment);
      closeReading(this.#around, segment);
    }
    await this.#remains.leave(async (passed) => this.#moveCursor(passed));
  }

  async #moveCursor(passed: boolean): Promise<void> {
    const [first] = this.#segments;
    const { position } = this.#cursor;
    const sequence = first?.sequence ?? this.#lastSequence + 1;
    const { offset, consumed } = first ?? { offset: 0, consumed: noItems() };
    if (position.sequence === sequence && position.offset === offset) return;
    if (passed || offset > 0) {
      // The file itself may be new. Not when it is opened: that would wait for all that others write.
      if (!this.#listed) await this.syncNames();
      await this.#cursor.move({ sequence, offset, consumed: { ...consumed } });
    }
  }

  async #removeDirectory(): Promise<void> {
    const { disk } = this.#around;
    for (const name of ['cursor', 'probe']) await removeFile(disk, join(this.directory, name));
    await abolish(disk, this.lock);
    await disk.removeDirectory(this.directory);
  }

  #drop(segment: Segment, kind: 'evicted' | 'expired'): void {
    without(this.#segments, segment);
    this.#remains.doom(segment);
    dropped(this.#around, segment, kind);
    // The reader closes what it reads just now.
    if (this.#reading !== segment) closeReading(this.#around, segment);
  }

  async #takeFrom(
    segment: Segment,
    signals: readonly Signal[],
    nowMs: number,
  ): Promise<Entry | undefined> {
    const again = takeRested(segment, signals, nowMs);
    if (again !== undefined && (await this.#readAgain(again))) return again;
    for (;;) {
      const entry = await this.#read(segment);
      if (entry?.signal === undefined) return undefined;
      if (signals.includes(entry.signal)) return handed(this.#around, entry);
      setAside(entry);
    }
  }

  async #read(segment: Segment): Promise<Entry | undefined> {
    if (segment.drained) return undefined;
    this.#reading = segment;
    const entry = await readNext(this.#around, segment);
    this.#reading = undefined;
    return entry;
  }

  async #readAgain(entry: Entry): Promise<boolean> {
    this.#reading = entry.segment;
    const read = await readAgain(this.#around, entry);
    this.#reading = undefined;
    return read;
  }

  /** Reads come one after the other. */
  #alone<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#readings.then(run);
    this.#readings = result.catch(() => undefined);
    return result;
  }
}
