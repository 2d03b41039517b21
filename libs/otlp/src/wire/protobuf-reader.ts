import { DecodeBudget } from './decode-limits.js';
import type { DecodeLimits } from './decode-limits.js';
import { shortText } from './text-table.js';
import { WireError } from './wire-error.js';
import type { WireErrorCode } from './wire-error.js';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const TWO_POW_32 = 0x1_0000_0000;
/** High words of int64 values that a double holds exactly. */
const SAFE_HIGH = 0x20_0000;

/**
 * Reads one protobuf message in place: `while (reader.next()) switch (reader.field) ...`, where each field is either
 * read by the method of its type or skipped. A known field with another wire type is an error: OTLP never changes a
 * type, so the bytes must be damaged. Text that is not UTF-8 keeps its valid parts.
 * Source: protobuf.dev/programming-guides/encoding.
 */
export class ProtobufReader {
  /** The number of the current field. */
  field = 0;
  readonly budget: DecodeBudget;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #wireType = 0;
  #position = 0;
  #end: number;
  /** Upper 32 bits of the last varint. */
  #high = 0;

  constructor(bytes: Uint8Array, limits?: Partial<DecodeLimits>) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.budget = new DecodeBudget(limits);
  }

  get position(): number {
    return this.#position;
  }

  /** Moves to the next field of the open message; false at its end. */
  next(): boolean {
    if (this.#position >= this.#end) return false;
    const tag = this.#varint();
    if (this.#high !== 0) throw this.#error('field_number', 'field number out of range');
    this.field = tag >>> 3;
    this.#wireType = tag & 7;
    if (this.field === 0) throw this.#error('field_number', 'field number 0');
    return true;
  }

  /** Skips a field that the caller does not know. */
  skip(): void {
    switch (this.#wireType) {
      case VARINT:
        this.#varint();
        return;
      case FIXED64:
        this.#take(8);
        return;
      case LENGTH:
        this.#take(this.#length());
        return;
      case FIXED32:
        this.#take(4);
        return;
      default:
        throw this.#error('wire_type', `wire type ${this.#wireType}`);
    }
  }

  /** Opens the message in this field. Pass the result to {@link close}. */
  open(): number {
    this.#expect(LENGTH);
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#position + length;
    return outer;
  }

  close(outer: number): void {
    this.#end = outer;
  }

  string(): string {
    this.#expect(LENGTH);
    const length = this.#length();
    const start = this.#take(length);
    return length === 0 ? '' : this.#text(start, start + length);
  }

  /** A copy, so that a value does not keep the whole message in memory. */
  bytes(): Uint8Array {
    this.#expect(LENGTH);
    const length = this.#length();
    const start = this.#take(length);
    return Uint8Array.from(this.#bytes.subarray(start, start + length));
  }

  /** Bytes as lowercase hex. */
  hex(): string {
    this.#expect(LENGTH);
    const length = this.#length();
    const start = this.#take(length);
    return length === 0 ? '' : this.#bytes.toString('hex', start, start + length);
  }

  bool(): boolean {
    this.#expect(VARINT);
    return (this.#varint() | this.#high) !== 0;
  }

  /** int32 and enums: the lower 32 bits, as every protobuf reader takes them. */
  int32(): number {
    this.#expect(VARINT);
    return this.#varint() | 0;
  }

  uint32(): number {
    this.#expect(VARINT);
    return this.#varint() >>> 0;
  }

  sint32(): number {
    this.#expect(VARINT);
    const zigzag = this.#varint() >>> 0;
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  int64(): number | bigint {
    this.#expect(VARINT);
    return signed64(this.#varint(), this.#high);
  }

  fixed32(): number {
    this.#expect(FIXED32);
    return this.#view.getUint32(this.#take(4), true);
  }

  fixed64(): bigint {
    this.#expect(FIXED64);
    return this.#view.getBigUint64(this.#take(8), true);
  }

  sfixed64(): number | bigint {
    this.#expect(FIXED64);
    const at = this.#take(8);
    return signed64(this.#view.getUint32(at, true), this.#view.getUint32(at + 4, true));
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Appends repeated doubles, packed or one by one, to `into`. */
  doubles(into: number[]): void {
    if (this.#wireType !== LENGTH) {
      this.budget.value();
      into.push(this.double());
      return;
    }
    const outer = this.open();
    while (this.#position < this.#end) {
      this.budget.value();
      into.push(this.#view.getFloat64(this.#take(8), true));
    }
    this.close(outer);
  }

  /** Appends repeated fixed64, packed or one by one, to `into`. */
  fixed64s(into: bigint[]): void {
    if (this.#wireType !== LENGTH) {
      this.budget.value();
      into.push(this.fixed64());
      return;
    }
    const outer = this.open();
    while (this.#position < this.#end) {
      this.budget.value();
      into.push(this.#view.getBigUint64(this.#take(8), true));
    }
    this.close(outer);
  }

  /** Appends repeated uint64, packed or one by one, to `into`. */
  uint64s(into: bigint[]): void {
    if (this.#wireType !== LENGTH) {
      this.#expect(VARINT);
      this.budget.value();
      into.push(unsigned64(this.#varint(), this.#high));
      return;
    }
    const outer = this.open();
    while (this.#position < this.#end) {
      this.budget.value();
      into.push(unsigned64(this.#varint(), this.#high));
    }
    this.close(outer);
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) {
      throw this.#error('wire_type', `wire type ${this.#wireType} for field ${this.field}`);
    }
  }

  /** Start of the next `count` bytes, which are skipped. */
  #take(count: number): number {
    const start = this.#position;
    if (count > this.#end - start) throw this.#error('truncated', 'value runs past the end');
    this.#position = start + count;
    return start;
  }

  #length(): number {
    const length = this.#varint() >>> 0;
    if (this.#high !== 0 || length > this.#end - this.#position) {
      throw this.#error('truncated', 'length runs past the end');
    }
    return length;
  }

  /** Lower 32 bits. The upper ones are stored in `#high`. */
  #varint(): number {
    if (this.#position < this.#end) {
      const byte = this.#bytes[this.#position]!;
      if (byte < 0x80) {
        this.#position++;
        this.#high = 0;
        return byte;
      }
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.#position >= this.#end) throw this.#error('truncated', 'varint runs past the end');
      const byte = this.#bytes[this.#position++]!;
      const bits = byte & 0x7f;
      if (index < 4) {
        low |= bits << (7 * index);
      } else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else {
        high |= bits << (7 * index - 32);
      }
      if (byte < 0x80) {
        if (index === 9 && byte > 1) break;
        this.#high = high;
        return low;
      }
    }
    throw this.#error('varint', 'varint longer than 64 bits');
  }

  #text(start: number, end: number): string {
    return shortText(this.#bytes, start, end) ?? this.#bytes.toString('utf8', start, end);
  }

  #error(code: WireErrorCode, reason: string): WireError {
    return new WireError(code, reason, `byte ${this.#position}`);
  }
}

function signed64(low: number, high: number): number | bigint {
  const top = high | 0;
  if (top >= -SAFE_HIGH && top < SAFE_HIGH) {
    const value = top * TWO_POW_32 + (low >>> 0);
    if (value >= Number.MIN_SAFE_INTEGER) return value;
  }
  return (BigInt(top) << 32n) | BigInt(low >>> 0);
}

function unsigned64(low: number, high: number): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
