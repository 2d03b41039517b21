import type { Signal } from '../wire/model.js';
import { codeOf } from './disk.js';
import type { SegmentBacklog, SegmentExtent } from './segment-backlog.js';
import type { SegmentFile, Stretch } from './segment-file.js';
import { SegmentRecord } from './segment-record.js';
import type { SpoolContext } from './spool-context.js';

/** A file is dropped after this many faults of the disk in a row. */
const MAX_FAILURES = 3;
const NOTHING = new Uint8Array(0);

/** Reads the records of one segment and leases them, one at a time. */
export class SegmentReader {
  readonly #context: SpoolContext;
  readonly #file: SegmentFile;
  readonly #extent: SegmentExtent;
  readonly #backlog: SegmentBacklog;
  #isReading = false;
  #isClosed = false;
  /** The number of reads in a row that the disk failed. */
  #failures = 0;

  constructor(
    context: SpoolContext,
    file: SegmentFile,
    extent: SegmentExtent,
    backlog: SegmentBacklog,
  ) {
    this.#context = context;
    this.#file = file;
    this.#extent = extent;
    this.#backlog = backlog;
  }

  /** Resolves to undefined if there is no record of these signals, or the disk gives none now. */
  async lease(signals: readonly Signal[], nowMs: number): Promise<SegmentRecord | undefined> {
    this.#isReading = true;
    try {
      const again = this.#backlog.leaseRested(signals, nowMs);
      if (again !== undefined && (await this.#readAgain(again))) return again;
      for (;;) {
        const record = await this.#readNext();
        if (record === undefined) return undefined;
        if (record.isOf(signals)) return this.#backlog.lease(record);
        this.#backlog.wait(record);
      }
    } finally {
      this.#isReading = false;
      if (this.#isClosed || this.#backlog.isDrained) this.close();
    }
  }

  /**
   * Handles a failed read. A busy disk is asked again. A file that is gone, or failed three times, is dropped: then
   * true.
   */
  failed(error: unknown): boolean {
    this.#failures += 1;
    const code = codeOf(error);
    const isHopeless = code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR';
    if (!isHopeless && (code !== 'EIO' || this.#failures < MAX_FAILURES)) return false;
    this.#backlog.lose();
    return true;
  }

  /** Ends leasing. A lease that is under way closes the file when it ends. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isReading) this.#file.closeReading();
  }

  /** The next record that is worth sending. */
  async #readNext(): Promise<SegmentRecord | undefined> {
    const backlog = this.#backlog;
    try {
      while (!backlog.isGone && !backlog.isDrained) {
        const { bytes, isSealed } = this.#extent;
        const stretch = await this.#file.readNext(backlog.offset, bytes);
        this.#failures = 0;
        // The segment was evicted during the read.
        if (backlog.isGone) break;
        const { scanned } = stretch;
        if (scanned.kind === 'end') {
          if (isSealed) backlog.drain();
          break;
        }
        const record = this.#recordOf(stretch);
        backlog.enter(record);
        if (scanned.kind === 'corrupt') backlog.dropRecord(record, 'corrupt', scanned.bytes);
        else if (!this.#isExpired(record)) return record;
        else backlog.dropRecord(record, 'expired', scanned.body.byteLength);
      }
    } catch (error) {
      this.failed(error);
    }
    return undefined;
  }

  /**
   * Reads the body of a record that is leased again. Resolves to false if the disk fails now, or the body is damaged.
   */
  async #readAgain(record: SegmentRecord): Promise<boolean> {
    const { start, end } = record.facts;
    try {
      const scanned = await this.#file.readAgain(start, end, this.#backlog.offset);
      this.#failures = 0;
      if (scanned.kind === 'record') {
        record.fill(scanned.body);
        return true;
      }
      this.#backlog.revoke(record, true);
    } catch (error) {
      this.#backlog.revoke(record, this.failed(error));
    }
    return false;
  }

  #recordOf({ scanned, start, end }: Stretch): SegmentRecord {
    const header = scanned.kind === 'end' ? undefined : scanned.header;
    const { signal, items = 0, atMs = 0, isDoubtful = false } = header ?? {};
    const { firstMs, lastMs } = this.#extent;
    const facts = {
      signal,
      items: signal === undefined ? 0 : items,
      start,
      end,
      // A clock that jumped shows in the stamp, not in the times of the segment. And one that was ahead then must not
      // keep the record for longer now.
      atMs: Math.min(Math.max(atMs, firstMs), lastMs),
      isInherited: isDoubtful,
    };
    return new SegmentRecord(facts, scanned.kind === 'record' ? scanned.body : NOTHING);
  }

  #isExpired(record: SegmentRecord): boolean {
    const { options } = this.#context;
    return this.#context.unixMs() - record.facts.atMs > options.maxAgeMs;
  }
}
