import type { Disk } from './disk.js';
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  FORMAT_VERSION,
  isWhole,
  RECORD_HEADER_BYTES,
  RECORD_MAGIC,
  SEGMENT_HEADER_BYTES,
  type RecordHeader,
} from './segment-format.js';

export type Scanned =
  | {
      readonly kind: 'record';
      readonly header: RecordHeader & { readonly signal: NonNullable<RecordHeader['signal']> };
      /** Empty if bodies are not asked for. */
      readonly body: Uint8Array;
    }
  /** `header` is given if it could be read: it counts the lost items. */
  | { readonly kind: 'corrupt'; readonly bytes: number; readonly header?: RecordHeader }
  | { readonly kind: 'end' };

const END: Scanned = { kind: 'end' };
const WINDOW_BYTES = 256 * 1024;
const SKIM_WINDOW_BYTES = 32 * 1024;

/**
 * Reads a segment record by record, and skips unreadable bytes up to the next whole header. It fails only if the disk
 * fails, never because of the contents of the file.
 */
export class SegmentScanner {
  readonly #disk: Disk;
  readonly #file: number;
  readonly #bodies: boolean;
  #offset: number;
  #salt: number | undefined;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  /** `bodies: false` reads and checks only the headers. The caller still has to close the file. */
  constructor(disk: Disk, file: number, offset: number, bodies: boolean) {
    this.#disk = disk;
    this.#file = file;
    this.#offset = offset;
    this.#bodies = bodies;
  }

  /** The position of the next record. */
  get offset(): number {
    return this.#offset;
  }

  /** Scans the next stretch within the first `limit` bytes. */
  async next(limit: number): Promise<Scanned> {
    this.#salt ??= decodeSegmentHeader(await this.#view(0, SEGMENT_HEADER_BYTES, limit));
    if (this.#salt === undefined) return this.#skipTo(limit);
    if (this.#offset === 0) this.#offset = Math.min(SEGMENT_HEADER_BYTES, limit);
    if (this.#offset >= limit) return END;
    const header = await this.#headerAt(this.#offset, this.#salt, limit);
    if (header === undefined) return this.#skipTo(await this.#findNext(this.#salt, limit));
    return this.#record(header, this.#salt, limit);
  }

  async #record(header: RecordHeader, salt: number, limit: number): Promise<Scanned> {
    const { signal } = header;
    const bytes = RECORD_HEADER_BYTES + header.bytes;
    const end = this.#offset + bytes;
    if (end > limit) return this.#skipTo(limit, header);
    const unknown = header.version !== FORMAT_VERSION || header.codec !== 0;
    if (unknown || signal === undefined) return this.#skipTo(end, header);
    if (!this.#bodies) {
      this.#offset = end;
      return { kind: 'record', header: { ...header, signal }, body: new Uint8Array(0) };
    }
    const record = await this.#view(this.#offset, bytes, limit);
    if (record.byteLength < bytes || !isWhole(record, header, salt)) {
      return this.#skipTo(end, header);
    }
    this.#offset = end;
    const body = record.subarray(RECORD_HEADER_BYTES);
    return { kind: 'record', header: { ...header, signal }, body };
  }

  #skipTo(end: number, header?: RecordHeader): Scanned {
    const bytes = end - this.#offset;
    this.#offset = Math.max(end, this.#offset);
    if (bytes <= 0) return END;
    return header === undefined ? { kind: 'corrupt', bytes } : { kind: 'corrupt', bytes, header };
  }

  async #headerAt(at: number, salt: number, limit: number): Promise<RecordHeader | undefined> {
    const bytes = await this.#view(at, RECORD_HEADER_BYTES, limit);
    if (bytes.byteLength < RECORD_HEADER_BYTES) return undefined;
    return decodeRecordHeader(bytes.subarray(0, RECORD_HEADER_BYTES), salt);
  }

  async #findNext(salt: number, limit: number): Promise<number> {
    for (let from = this.#offset + 1; from + RECORD_HEADER_BYTES <= limit;) {
      const bytes = await this.#windowFrom(from, limit);
      if (bytes.byteLength < RECORD_HEADER_BYTES) break;
      const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
        RECORD_MAGIC,
      );
      if (found === -1) {
        from += bytes.byteLength - RECORD_MAGIC.byteLength + 1;
        continue;
      }
      const inside = bytes.subarray(found, found + RECORD_HEADER_BYTES);
      const header =
        inside.byteLength === RECORD_HEADER_BYTES
          ? decodeRecordHeader(inside, salt)
          : await this.#headerAt(from + found, salt, limit);
      if (header !== undefined) return from + found;
      from += found + 1;
    }
    return limit;
  }

  /** The bytes in memory from `at` on. No byte is read twice, however often it looks like the start of a record. */
  async #windowFrom(at: number, limit: number): Promise<Uint8Array> {
    const from = at - this.#windowAt;
    const left = this.#window.byteLength - from;
    if (from >= 0 && left >= RECORD_HEADER_BYTES) {
      return this.#window.subarray(from, Math.min(this.#window.byteLength, limit - this.#windowAt));
    }
    return this.#view(at, Math.min(WINDOW_BYTES, limit - at), limit);
  }

  /** The bytes at `at`; fewer at the end of the file. They stay valid as long as they are referenced. */
  async #view(at: number, bytes: number, limit: number): Promise<Uint8Array> {
    const from = at - this.#windowAt;
    if (from >= 0 && from + bytes <= this.#window.byteLength) {
      return this.#window.subarray(from, from + bytes);
    }
    const size = Math.max(bytes, this.#bodies ? WINDOW_BYTES : SKIM_WINDOW_BYTES);
    const window = Buffer.allocUnsafeSlow(Math.max(0, Math.min(size, limit - at)));
    let filled = 0;
    while (filled < window.byteLength) {
      const read = await this.#disk.read(this.#file, window.subarray(filled), at + filled);
      if (read === 0) break;
      filled += read;
    }
    this.#window = window.subarray(0, filled);
    this.#windowAt = at;
    return this.#window.subarray(0, Math.min(bytes, filled));
  }
}
