import { crc32 } from 'node:zlib';
import type { Batch } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import type { ItemCounts } from '../send/item-counts.js';

/*
 * All numbers are little-endian.
 *
 * Segment = header twice (32 B each), then records:
 *    0 magic "NLSPOOL\n" | 8 u16 version | 10 u16 header bytes | 12 u32 salt | 16 f64 sequence number | 24 u32 0
 *   28 u32 crc of bytes 0..28
 * Record = header, then the very bytes of a request body:
 *    0 magic "NLSR" | 4 u8 version | 5 u8 codec | 6 u8 signal | 7 u8 flags | 8 u32 items | 12 u32 body bytes
 *   16 f64 unix time in ms | 24 u32 crc of bytes 0..24 and the body | 28 u32 crc of bytes 0..28
 *
 * crc is CRC-32 (IEEE) that starts from the salt, so that neither bytes of an older file nor bytes that somebody put
 * into an attribute pass for a record. The header has a crc of its own, so that a damaged body costs that record alone
 * and its items are still known.
 *
 * Names of files:
 *   <sequence, 15 digits>.open                                                  while it is written, and after a crash
 *   <sequence>.<first ms>.<last ms>.<bytes>.<traces>.<metrics>.<logs>.seg       closed: opening a spool reads only names
 */
export const FORMAT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 64;
export const RECORD_HEADER_BYTES = 32;
export const RECORD_MAGIC: Uint8Array = Buffer.from('NLSR', 'latin1');
const SEGMENT_MAGIC = Buffer.from('NLSPOOL\n', 'latin1');
/** Flag: the process that wrote the record may have sent it. */
const DOUBTFUL = 1;
const HALF = SEGMENT_HEADER_BYTES / 2;

export interface RecordHeader {
  readonly version: number;
  /** 0: the body is stored as it is. */
  readonly codec: number;
  /** Undefined if a later version wrote a signal that this one does not know. */
  readonly signal: Signal | undefined;
  readonly items: number;
  /** Length of the body. */
  readonly bytes: number;
  readonly atMs: number;
  readonly crc: number;
  /** The process that wrote it may have sent it. */
  readonly isDoubtful: boolean;
}

/** Bytes that a batch takes in a segment. */
export function recordBytes(batch: Batch): number {
  return RECORD_HEADER_BYTES + batch.bytes;
}

export function encodeSegmentHeader(sequence: number, salt: number): Uint8Array {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(header);
  header.writeUInt16LE(FORMAT_VERSION, 8);
  header.writeUInt16LE(SEGMENT_HEADER_BYTES, 10);
  header.writeUInt32LE(salt, 12);
  header.writeDoubleLE(sequence, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  header.copy(header, HALF, 0, HALF);
  return header;
}

/** The salt, from whichever copy is whole; undefined for a file that is no segment of this version. */
export function decodeSegmentHeader(bytes: Uint8Array): number | undefined {
  for (const from of [0, HALF]) {
    const header = asBuffer(bytes.subarray(from, from + HALF));
    if (header.length < HALF || !SEGMENT_MAGIC.equals(header.subarray(0, 8))) continue;
    if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28))) continue;
    if (header.readUInt16LE(8) === FORMAT_VERSION) return header.readUInt32LE(12);
  }
  return undefined;
}

export function encodeRecordHeader(batch: Batch, atMs: number, salt: number): Uint8Array {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.set(RECORD_MAGIC);
  header.writeUInt8(FORMAT_VERSION, 4);
  header.writeUInt8(SIGNALS.indexOf(batch.signal) + 1, 6);
  header.writeUInt8(batch.isDoubtful === true ? DOUBTFUL : 0, 7);
  header.writeUInt32LE(batch.items, 8);
  header.writeUInt32LE(batch.bytes, 12);
  header.writeDoubleLE(atMs, 16);
  let crc = crc32(header.subarray(0, 24), salt);
  for (const chunk of batch.chunks) crc = crc32(chunk, crc);
  header.writeUInt32LE(crc, 24);
  header.writeUInt32LE(crc32(header.subarray(0, 28), salt), 28);
  return header;
}

/** Returns undefined if no whole header begins at `bytes`, which is at least as long as a header. */
export function decodeRecordHeader(bytes: Uint8Array, salt: number): RecordHeader | undefined {
  const header = asBuffer(bytes);
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28), salt)) return undefined;
  if (header.compare(RECORD_MAGIC, 0, 4, 0, 4) !== 0) return undefined;
  return {
    version: header.readUInt8(4),
    codec: header.readUInt8(5),
    signal: SIGNALS[header.readUInt8(6) - 1],
    items: header.readUInt32LE(8),
    bytes: header.readUInt32LE(12),
    atMs: header.readDoubleLE(16),
    crc: header.readUInt32LE(24),
    isDoubtful: (header.readUInt8(7) & DOUBTFUL) !== 0,
  };
}

/** `record` is its header and body. */
export function isWhole(record: Uint8Array, header: RecordHeader, salt: number): boolean {
  const body = record.subarray(RECORD_HEADER_BYTES);
  return crc32(body, crc32(record.subarray(0, 24), salt)) === header.crc;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The facts in the name of a closed segment. */
export interface SegmentFacts {
  readonly sequence: number;
  /** Unix times of its first and last record in ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bytes: number;
  readonly items: ItemCounts;
}

export type SegmentName =
  | { readonly kind: 'open'; readonly sequence: number }
  | ({ readonly kind: 'sealed' } & SegmentFacts);

/** The name of a segment that is being written; a crash leaves it so. */
export function openName(sequence: number): string {
  return `${padded(sequence)}.open`;
}

/** Names sort in the order in which the segments were begun. */
export function sealedName(facts: SegmentFacts): string {
  const { firstMs, lastMs, bytes, items } = facts;
  const rest = [Math.floor(firstMs), Math.ceil(lastMs), bytes];
  const counts = [items.traces, items.metrics, items.logs];
  return `${padded(facts.sequence)}.${[...rest, ...counts].join('.')}.seg`;
}

/** Parses a name. It has to be cheap: opening a spool calls it for each of very many files. */
export function parseSegmentName(name: string): SegmentName | undefined {
  if (name.endsWith('.open') && name.length === DIGITS + 5) {
    const sequence = Number(name.slice(0, DIGITS));
    return Number.isInteger(sequence) ? { kind: 'open', sequence } : undefined;
  }
  const parts = name.split('.');
  if (parts.length !== 8 || parts[7] !== 'seg' || parts[0]?.length !== DIGITS) return undefined;
  let sum = 0;
  function next(at: number): number {
    const number = Number(parts[at]);
    // A part that is not a count makes this sum other than 0.
    sum += number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number % 1 : Number.NaN;
    return number;
  }
  const [sequence, firstMs, lastMs, bytes] = [next(0), next(1), next(2), next(3)];
  const items = { traces: next(4), metrics: next(5), logs: next(6) };
  if (sum !== 0) return undefined;
  return { kind: 'sealed', sequence, firstMs, lastMs, bytes, items };
}

const DIGITS = 15;

function padded(sequence: number): string {
  return String(sequence).padStart(DIGITS, '0');
}
