import type { Batch } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import { codeOf } from './disk.js';
import { recordBytes } from './segment-format.js';
import type { Segment } from './segment.js';
import type { SpoolContext } from './spool-context.js';
import type { SpoolDirectory } from './spool-directory.js';
import type { Appended } from './spool.js';

interface Job {
  readonly batch: Batch;
  readonly resolve: (appended: Appended) => void;
}

interface WriterHooks {
  /** Hears each failure of the disk, with the size of the failed write. */
  readonly onFailure: (code: string, bytes: number) => void;
  /** The writer waits for this before each write. It does not reject. */
  readonly makeRoom: () => Promise<void>;
}

const GROUP_BYTES = 4 * 1024 * 1024;
/** A segment that fills slowly is closed after this part of the age limit, so that age takes it in time. */
const AGE_PARTS = 24;

/** Appends to segments of a directory, one write at a time. Batches that wait meanwhile are written together. */
export class SegmentWriter {
  readonly #context: SpoolContext;
  readonly #directory: SpoolDirectory;
  readonly #hooks: WriterHooks;
  readonly #jobs: Job[] = [];
  /** Segments that are full or failed, and not closed yet. */
  readonly #retired = new Set<Segment>();
  #current: Segment | undefined;
  #running: Promise<void> | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #busySince: number | undefined;

  constructor(context: SpoolContext, directory: SpoolDirectory, hooks: WriterHooks) {
    this.#context = context;
    this.#directory = directory;
    this.#hooks = hooks;
  }

  /** Bytes that were accepted and are not written yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The duration of the present write so far, in ms. */
  get stuckMs(): number {
    return this.#busySince === undefined ? 0 : this.#context.clock.now() - this.#busySince;
  }

  append(batch: Batch): Promise<Appended> {
    this.#waitingBytes += recordBytes(batch);
    return new Promise((resolve) => {
      this.#jobs.push({ batch, resolve });
      this.#running ??= this.#run();
    });
  }

  /** Makes everything durable that was written before. Throws the errors of the disk. */
  async fsync(): Promise<void> {
    // Both run at once, since each waits for the disk.
    await Promise.all([this.#sealRetired(), this.#fsyncCurrent()]);
  }

  /** Ends the present segment if all of it is acknowledged, so that its file can be deleted. */
  retireIfConsumed(): void {
    const current = this.#current;
    if (current === undefined || current.isBusy || this.#jobs.length > 0) return;
    if (current.isConsumed) this.#retire();
  }

  /** Ends the present segment if it has records and no write is under way. Returns true if it did. */
  retireIfIdle(): boolean {
    const current = this.#current;
    if (current === undefined || current.isBusy || current.isEmpty) return false;
    this.#retire();
    return true;
  }

  async close(): Promise<void> {
    await this.#running;
    this.#retire();
    await this.#sealRetired();
  }

  /** The next record begins a new segment. */
  #retire(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.retire();
    this.#retired.add(current);
  }

  async #run(): Promise<void> {
    while (this.#jobs.length > 0) {
      const jobs = this.#nextJobs();
      const bytes = jobs.reduce((sum, { batch }) => sum + recordBytes(batch), 0);
      this.#busySince = this.#context.clock.now();
      const batches = jobs.map(({ batch }) => batch);
      await this.#hooks.makeRoom();
      const appended = await this.#write(batches, bytes);
      this.#busySince = undefined;
      this.#waitingBytes -= bytes;
      for (const { resolve } of jobs) resolve(appended);
      // This is not awaited: the fsync in it may take seconds.
      void this.#sealRetired().catch((error: unknown) => this.#failed(error, 0));
    }
    // This happens in the same turn as the last look at the jobs, or a job could come between.
    this.#running = undefined;
  }

  #nextJobs(): Job[] {
    let count = 0;
    for (let bytes = 0; count < this.#jobs.length && bytes < GROUP_BYTES; count += 1) {
      bytes += this.#jobs[count]?.batch.bytes ?? 0;
    }
    return this.#jobs.splice(0, count);
  }

  async #write(batches: readonly Batch[], bytes: number): Promise<Appended> {
    const durable = this.#context.options.fsyncIntervalMs === 'always';
    let current: Segment | undefined;
    try {
      current = await this.#currentFor(bytes);
      await current.append(batches, durable ? this.#directory.fsyncNames : undefined);
      return { kind: 'spooled', durable };
    } catch (error) {
      if (current !== undefined && this.#current === current) this.#retire();
      return this.#failed(error, bytes);
    }
  }

  async #currentFor(bytes: number): Promise<Segment> {
    const present = this.#current;
    if (present !== undefined && this.#fits(present, bytes)) return present;
    this.#retire();
    this.#current = await this.#directory.beginSegment();
    return this.#current;
  }

  #fits(segment: Segment, bytes: number): boolean {
    const { segmentBytes, maxAgeMs } = this.#context.options;
    if (!segment.isWritable || segment.bytes + bytes > segmentBytes) return false;
    return this.#context.unixMs() - segment.firstMs < maxAgeMs / AGE_PARTS;
  }

  /** Resolves when every segment that can be closed is closed. */
  #sealRetired(): Promise<void> {
    const sealing = this.#sealing.then(() => this.#sealAll());
    this.#sealing = sealing.catch(() => undefined);
    return sealing;
  }

  async #sealAll(): Promise<void> {
    for (const segment of [...this.#retired].filter(({ isBusy }) => !isBusy)) {
      this.#retired.delete(segment);
      await segment.seal(this.#directory.fsyncNames);
    }
  }

  async #fsyncCurrent(): Promise<void> {
    const current = this.#current;
    if (current === undefined || current.isSynced) return;
    try {
      await current.fsync(this.#directory.fsyncNames);
    } catch (error) {
      // The system may have dropped those pages: nothing more is added to such a file.
      if (this.#current === current) this.#retire();
      throw error;
    }
  }

  #failed(error: unknown, bytes: number): Appended {
    const code = codeOf(error);
    this.#hooks.onFailure(code, bytes);
    return { kind: 'failed', code };
  }
}

/** One writer for each signal: a file whose records nobody takes for hours then holds back no other signal. */
export class SegmentWriters {
  readonly #bySignal: Readonly<Record<Signal, SegmentWriter>>;
  readonly #all: readonly SegmentWriter[];

  constructor(context: SpoolContext, directory: SpoolDirectory, hooks: WriterHooks) {
    function one(): SegmentWriter {
      return new SegmentWriter(context, directory, hooks);
    }
    this.#bySignal = { traces: one(), metrics: one(), logs: one() };
    this.#all = SIGNALS.map((signal) => this.#bySignal[signal]);
  }

  get waitingBytes(): number {
    return this.#all.reduce((sum, writer) => sum + writer.waitingBytes, 0);
  }

  /** The longest duration of a present write among the writers, in ms. */
  get stuckMs(): number {
    return Math.max(...this.#all.map((writer) => writer.stuckMs));
  }

  of(signal: Signal): SegmentWriter {
    return this.#bySignal[signal];
  }

  retireIfConsumed(): void {
    for (const writer of this.#all) writer.retireIfConsumed();
  }

  /**
   * Ends the present segments without a write under way, so that they can be evicted. Returns false if there is none.
   */
  retireIdle(): boolean {
    return this.#all.filter((writer) => writer.retireIfIdle()).length > 0;
  }

  async fsync(): Promise<void> {
    await Promise.all(this.#all.map((writer) => writer.fsync()));
  }

  /** Closes each writer, even if another fails. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#all.map((writer) => writer.close()));
  }
}
