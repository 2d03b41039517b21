import { randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Batch } from '../send/sender.js';
import { noItems } from '../send/item-counts.js';
import { codeOf, removeFile, writeAll, type Disk } from './disk.js';
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  openName,
  RECORD_HEADER_BYTES,
  sealedName,
  type SegmentFacts,
} from './segment-format.js';
import { SegmentScanner, type Scanned } from './segment-scanner.js';

/** The facts in the headers of a file. */
export type Measured = Omit<SegmentFacts, 'sequence'>;

/** A scanned record or stretch, and its position. */
export interface Stretch {
  readonly scanned: Scanned;
  readonly start: number;
  readonly end: number;
}

interface Writing {
  readonly file: number;
  readonly salt: number;
}

interface Reading {
  readonly file: number;
  readonly scanner: SegmentScanner;
}

/** One segment on the disk: its name, its bytes and the handles on it. All methods throw the errors of the disk. */
export class SegmentFile {
  readonly sequence: number;
  readonly #disk: Disk;
  #path: string;
  #writing: Writing | undefined;
  #reading: Reading | undefined;
  /** The number of bytes that are known to be on the disk, with the name of the file. */
  #syncedBytes = 0;
  #isUnsure = false;
  #renaming: Promise<void> | undefined;

  constructor(disk: Disk, sequence: number, path: string) {
    this.#disk = disk;
    this.sequence = sequence;
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** An fsync failed. The system may have dropped pages then, and no later fsync brings them back. */
  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  get syncedBytes(): number {
    return this.#syncedBytes;
  }

  /** The position at which the reader goes on; undefined while nobody reads. */
  get readOffset(): number | undefined {
    return this.#reading?.scanner.offset;
  }

  /** Makes the file, with its header. It stays open for writing. */
  async create(): Promise<void> {
    const salt = randomInt(1, 2 ** 32);
    const file = await this.#disk.open(this.#path, 'create');
    try {
      await writeAll(this.#disk, file, [encodeSegmentHeader(this.sequence, salt)], 0);
    } catch (error) {
      await this.#disk.close(file).catch(() => undefined);
      throw error;
    }
    this.#writing = { file, salt };
  }

  /** Writes headers and bodies at `position`. */
  async write(batches: readonly Batch[], atMs: number, position: number): Promise<void> {
    const { file, salt } = this.#open();
    const chunks = batches.flatMap((batch) => [
      encodeRecordHeader(batch, atMs, salt),
      ...batch.chunks,
    ]);
    await writeAll(this.#disk, file, chunks, position);
  }

  /** Takes back bytes of a failed write. Never rejects: a reader skips bytes that cannot be taken back. */
  async truncate(bytes: number): Promise<void> {
    await this.#disk.truncate(this.#open().file, bytes).catch(() => undefined);
  }

  /**
   * Makes the first `bytes` outlast a power failure, with the name: a file that no directory lists after a crash is
   * lost. `fsyncNames` does so for the names in its directory.
   */
  async fsync(bytes: number, fsyncNames: () => Promise<void>): Promise<void> {
    try {
      await this.#disk.fsync(this.#open().file);
      if (this.#syncedBytes === 0) await fsyncNames();
    } catch (error) {
      this.#isUnsure ||= bytes > this.#syncedBytes;
      throw error;
    }
    this.#syncedBytes = bytes;
  }

  /** The last fsync came after the first `bytes` were written. */
  markSynced(bytes: number): void {
    this.#syncedBytes = bytes;
  }

  /**
   * Names the file after its contents, so that opening a spool reads only names. Does nothing if the file has that
   * name.
   */
  async seal(facts: Measured): Promise<void> {
    if (!this.#path.endsWith(openName(this.sequence))) return;
    const path = join(dirname(this.#path), sealedName({ sequence: this.sequence, ...facts }));
    this.#renaming = this.#rename(path);
    await this.#renaming;
  }

  async #rename(path: string): Promise<void> {
    await this.#disk.rename(this.#path, path);
    this.#path = path;
  }

  async closeWriting(): Promise<void> {
    const { file } = this.#open();
    this.#writing = undefined;
    await this.#disk.close(file).catch(() => undefined);
  }

  /** Reads on from where the last call ended, at first from `offset`, within the first `limit` bytes. */
  async readNext(offset: number, limit: number): Promise<Stretch> {
    const { scanner } = await this.#read(offset);
    const start = scanner.offset;
    const scanned = await scanner.next(limit);
    const end = scanner.offset;
    if (scanned.kind !== 'record') return { scanned, start, end };
    return { scanned, start: end - RECORD_HEADER_BYTES - scanned.body.byteLength, end };
  }

  /** Reads one record once more. `offset` is as in `readNext`. */
  async readAgain(start: number, end: number, offset: number): Promise<Scanned> {
    const { file } = await this.#read(offset);
    return new SegmentScanner(this.#disk, file, start, true).next(end);
  }

  closeReading(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading !== undefined) this.#disk.close(reading.file).catch(() => undefined);
  }

  /** Reads the headers and returns the facts in them. No record counts as made after `nowMs`. */
  async measure(nowMs: number): Promise<Measured> {
    const { bytes } = await this.#disk.stat(this.#path);
    const items = noItems();
    const times: number[] = [];
    const file = await this.#disk.open(this.#path, 'read');
    try {
      const scanner = new SegmentScanner(this.#disk, file, 0, false);
      for (;;) {
        const scanned = await scanner.next(bytes);
        if (scanned.kind === 'end') break;
        if (scanned.kind === 'corrupt') continue;
        const { header } = scanned;
        items[header.signal] += header.items;
        times[times.length === 0 ? 0 : 1] = Math.min(header.atMs, nowMs);
      }
    } finally {
      await this.#disk.close(file);
    }
    const firstMs = Math.max(0, times[0] ?? nowMs);
    return { bytes, firstMs, lastMs: Math.max(firstMs, times.at(-1) ?? 0), items };
  }

  /** Deletes the file; a file that does not exist is no error. */
  async remove(): Promise<void> {
    // During a rename nobody knows which name the file has. Deleting the old one could leave the file under the new one.
    await this.#renaming?.catch(() => undefined);
    await removeFile(this.#disk, this.#path);
  }

  #open(): Writing {
    if (this.#writing === undefined) throw new Error('not open for writing');
    return this.#writing;
  }

  async #read(offset: number): Promise<Reading> {
    this.#reading ??= await this.#openReading(offset);
    return this.#reading;
  }

  async #openReading(offset: number): Promise<Reading> {
    for (;;) {
      const path = this.#path;
      try {
        const file = await this.#disk.open(path, 'read');
        return { file, scanner: new SegmentScanner(this.#disk, file, offset, true) };
      } catch (error) {
        // Its writer gave it its last name meanwhile.
        if (codeOf(error) !== 'ENOENT' || path === this.#path) throw error;
      }
    }
  }
}
