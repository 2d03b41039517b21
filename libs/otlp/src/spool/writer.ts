import type { Batch } from '../send/sender.js';
import * as file from './current.js';
import { recordBytes, type Current } from './current.js';
import { codeOf, writeAll } from './disk.js';
import type { Journal } from './journal.js';
import { SEGMENT_HEADER_BYTES } from './record.js';
import type { Surroundings } from './surroundings.js';

/** What came of a batch that was to be kept. */
export type Appended =
  /** `durable`: a power failure does not take it any more. A crash of the process never does. */
  | { readonly kind: 'spooled'; readonly durable: boolean }
  /** It does not fit, whatever is thrown away. */
  | { readonly kind: 'full' }
  /** The disk refuses, by the system's code (ENOSPC, EROFS, EIO, ...); `ECLOSED` after `close`. */
  | { readonly kind: 'failed'; readonly code: string };

interface Job {
  readonly batch: Batch;
  readonly resolve: (appended: Appended) => void;
}

const GROUP_BYTES = 4 * 1024 * 1024;
/** A segment that fills slowly is closed after this part of the age limit, so that age takes it in time. */
const AGE_PARTS = 24;

/** Appends to segments of a journal, one write at a time; what waits meanwhile goes together. */
export class Writer {
  readonly #around: Surroundings;
  readonly #journal: Journal;
  readonly #onFailure: (code: string, bytes: number) => void;
  readonly #makeRoom: () => Promise<void>;
  readonly #jobs: Job[] = [];
  /** Full or failed, and not closed yet. */
  readonly #retired: Current[] = [];
  #current: Current | undefined;
  #running: Promise<void> | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #busySince: number | undefined;

  /**
   * `onFailure` hears of each refusal of the disk, with the size of what it refused. `makeRoom` is waited for before
   * each write; it does not reject.
   */
  constructor(
    around: Surroundings,
    journal: Journal,
    onFailure: (code: string, bytes: number) => void,
    makeRoom: () => Promise<void>,
  ) {
    this.#around = around;
    this.#journal = journal;
    this.#onFailure = onFailure;
    this.#makeRoom = makeRoom;
  }

  /** Accepted and not written yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How long the disk has been at the present write, in ms. */
  get stuckMs(): number {
    return this.#busySince === undefined ? 0 : this.#around.clock.now() - this.#busySince;
  }

  append(batch: Batch): Promise<Appended> {
    this.#waitingBytes += recordBytes(batch);
    return new Promise((resolve) => {
      this.#jobs.push({ batch, resolve });
      this.#running ??= this.#run();
    });
  }

  /** What was written before is on the disk after. Throws what the disk throws. */
  async sync(): Promise<void> {
    // At once, since each waits for the disk.
    await Promise.all([this.#sealRetired(), this.#syncCurrent()]);
  }

  /** Ends the present segment where all of it is acknowledged, so that its bytes can go. */
  retireIfDone(): void {
    const { segment, busy } = this.#current ?? {};
    if (segment === undefined || busy === true || this.#jobs.length > 0) return;
    if (segment.entries.length === 0 && segment.offset >= segment.bytes) this.retire();
  }

  /** Ends the present segment where it has records and nobody writes to it. Whether it did. */
  retireIfIdle(): boolean {
    const current = this.#current;
    if (current === undefined || current.busy) return false;
    if (current.segment.bytes <= SEGMENT_HEADER_BYTES) return false;
    this.retire();
    return true;
  }

  /** The next record begins a new segment. */
  retire(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    current.segment.retired = !current.busy;
    this.#retired.push(current);
  }

  async close(): Promise<void> {
    await this.#running;
    this.retire();
    await this.#sealRetired();
  }

  async #run(): Promise<void> {
    while (this.#jobs.length > 0) {
      const jobs = this.#nextJobs();
      const bytes = jobs.reduce((sum, { batch }) => sum + recordBytes(batch), 0);
      this.#busySince = this.#around.clock.now();
      const batches = jobs.map(({ batch }) => batch);
      await this.#makeRoom();
      const appended = await this.#write(batches, bytes);
      this.#busySince = undefined;
      this.#waitingBytes -= bytes;
      for (const { resolve } of jobs) resolve(appended);
      // Not waited for: the sync in it may take seconds.
      void this.#sealRetired().catch((error: unknown) => this.#failed(error, 0));
    }
    // In the same turn as the last look at the jobs, or one could come between.
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
    const always = this.#around.options.fsyncIntervalMs === 'always';
    let current: Current | undefined;
    try {
      current = await this.#currentFor(bytes);
      current.busy = true;
      const { segment, salt } = current;
      const chunks = file.encode(this.#around, salt, batches);
      await writeAll(this.#around.disk, current.file, chunks, segment.bytes);
      if (always) await file.sync(this.#around, this.#journal, current);
      file.commit(this.#around, current, batches);
      if (always) current.synced = segment.bytes;
      return { kind: 'spooled', durable: always };
    } catch (error) {
      if (current !== undefined) {
        await file.rollBack(this.#around, current);
        if (this.#current === current) this.retire();
      }
      return this.#failed(error, bytes);
    } finally {
      if (current !== undefined) {
        current.busy = false;
        current.segment.retired = this.#current !== current;
      }
    }
  }

  async #currentFor(bytes: number): Promise<Current> {
    const present = this.#current;
    if (present !== undefined && this.#fits(present, bytes)) return present;
    this.retire();
    this.#current = await file.begin(this.#around, this.#journal);
    return this.#current;
  }

  #fits({ segment }: Current, bytes: number): boolean {
    const { options, unixMs } = this.#around;
    if (segment.bytes + bytes > options.segmentBytes) return false;
    return unixMs() - segment.firstMs < options.maxAgeMs / AGE_PARTS;
  }

  /** Resolves when all that can be closed is. */
  #sealRetired(): Promise<void> {
    const sealing = this.#sealing.then(() => this.#sealAll());
    this.#sealing = sealing.catch(() => undefined);
    return sealing;
  }

  async #syncCurrent(): Promise<void> {
    const current = this.#current;
    if (current === undefined || current.synced >= current.segment.bytes) return;
    try {
      await file.sync(this.#around, this.#journal, current);
    } catch (error) {
      // The system may have dropped those pages: nothing more is added to such a file.
      if (this.#current === current) this.retire();
      throw error;
    }
  }

  async #sealAll(): Promise<void> {
    for (const current of this.#retired.filter(({ busy }) => !busy)) {
      const index = this.#retired.indexOf(current);
      if (index === -1) continue;
      this.#retired.splice(index, 1);
      await file.seal(this.#around, this.#journal, current);
    }
  }

  #failed(error: unknown, bytes: number): Appended {
    const code = codeOf(error);
    this.#onFailure(code, bytes);
    return { kind: 'failed', code };
  }
}
