/** Bytes of the lengths around items, which are as large as a whole unit. */
export const OUTER_WIDTH = 4;

const TWO_POW_32 = 0x1_0000_0000;
/** Up to here a loop is faster than a call into the runtime, which is cheap for flat strings only. */
const LOOP_LENGTH = 24;

/**
 * Node's own writer behind `write(..., 'utf8')`, called directly to skip the lookup of the encoding; its types lack
 * it.
 */
interface Utf8Buffer extends Buffer<ArrayBufferLike> {
  utf8Write(text: string, offset: number, length: number): number;
}

/**
 * Writes protobuf into memory that the caller owns. Callers ask {@link fits} for room before they write. After the
 * first refusal all later ones refuse too, so a writer can go on without checking each, and the code that began the
 * item checks {@link full} once at its end. Lengths are reserved in a fixed width and filled in later, so no bytes
 * are ever moved; varints with leading zero groups are legal protobuf.
 * Source: protobuf.dev/programming-guides/encoding.
 */
export class Cursor {
  bytes = Buffer.alloc(0) as Utf8Buffer;
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the next byte goes. */
  at = 0;
  /** The end of the item's budget: bytes from here on do not belong to it. */
  soft = 0;
  /** End of the room, -1 once something did not fit. */
  end = 0;
  #target: Uint8Array | undefined;

  /** Writes into `target` from `at` on, without a budget. Clears an earlier refusal. */
  open(target: Uint8Array, at: number): void {
    if (this.#target !== target) {
      this.#target = target;
      const { buffer, byteOffset, byteLength } = target;
      this.bytes = Buffer.from(buffer, byteOffset, byteLength) as Utf8Buffer;
      this.view = new DataView(buffer, byteOffset, byteLength);
    }
    this.at = at;
    this.end = this.bytes.length;
    this.soft = this.end;
  }

  get full(): boolean {
    return this.end < 0;
  }

  fits(count: number): boolean {
    if (this.at + count <= this.end) return true;
    this.end = -1;
    return false;
  }

  /** Asks for no room. */
  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  /** Reserves the length of a message that begins here, `width` bytes wide; {@link fill} takes what it returns. */
  reserve(width: number): number {
    if (this.fits(width)) this.at += width;
    return this.at;
  }

  /** Writes the length of the message from `start` to the current position into the `width` bytes before `start`. */
  fill(start: number, width: number): void {
    if (this.end < 0) return;
    writeLength(this.bytes, start - width, width, this.at - start);
  }

  /** An unsigned integer below 2^32. Asks for no room: at most 5 bytes. */
  uint32(value: number): void {
    const bytes = this.bytes;
    let rest = value >>> 0;
    let at = this.at;
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** A 64-bit integer in two halves. Asks for no room: at most 10 bytes. */
  varint64(low: number, high: number): void {
    let lower = low >>> 0;
    let upper = high >>> 0;
    while (upper > 0) {
      this.bytes[this.at++] = (lower & 127) | 128;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    this.uint32(lower);
  }

  /** An integer of the int64 range. Asks for no room: at most 10 bytes. */
  int64(value: number): void {
    if (value >= 0 && value < TWO_POW_32) this.uint32(value);
    else this.varint64(value % TWO_POW_32, Math.floor(value / TWO_POW_32));
  }

  /** sint32. Asks for no room: at most 5 bytes. */
  sint32(value: number): void {
    this.uint32((value << 1) ^ (value >> 31));
  }

  /** fixed64 or sfixed64 of an integer of the int64 range. Asks for no room. */
  fixed64(value: number): void {
    this.halves(value % TWO_POW_32, Math.floor(value / TWO_POW_32));
  }

  /** 64 bits in two halves. Asks for no room. */
  halves(low: number, high: number): void {
    this.view.setInt32(this.at, low, true);
    this.view.setInt32(this.at + 4, high, true);
    this.at += 8;
  }

  /** Asks for no room. */
  fixed32(value: number): void {
    this.view.setInt32(this.at, value, true);
    this.at += 4;
  }

  /** Asks for no room. */
  double(value: number): void {
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** A string or bytes field that is already encoded. */
  copy(source: Uint8Array): void {
    if (!this.fits(source.length)) return;
    this.bytes.set(source, this.at);
    this.at += source.length;
  }

  /** `text` as UTF-8 at `at`, without tag or length. Asks for no room: at most 3 bytes a unit. */
  utf8(text: string, at: number): number {
    const length = text.length;
    if (length > LOOP_LENGTH) return this.bytes.utf8Write(text, at, length * 3);
    const { bytes, view } = this;
    let all = 0;
    let index = 0;
    // Four at a time: a store costs as much as a unit.
    for (; index + 3 < length; index += 4) {
      const first = text.charCodeAt(index);
      const second = text.charCodeAt(index + 1);
      const third = text.charCodeAt(index + 2);
      const fourth = text.charCodeAt(index + 3);
      all |= first | second | third | fourth;
      view.setInt32(at + index, first | (second << 8) | (third << 16) | (fourth << 24), true);
    }
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      all |= unit;
      bytes[at + index] = unit;
    }
    return all < 128 ? length : this.bytes.utf8Write(text, at, length * 3);
  }

  /** A string field with a tag of one byte; at most `max` units of it. */
  text(tag: number, text: string, max: number): void {
    const cut = text.length > max ? cutText(text, max) : text;
    const most = cut.length * 3;
    if (!this.fits(most + 6)) return;
    const width = most < 128 || cut.length < 64 ? 1 : widthOf(most);
    this.bytes[this.at] = tag;
    const start = this.at + 1 + width;
    const written = this.utf8(cut, start);
    if (width === 1 && written > 127) {
      this.utf8(cut, start + 1);
      writeLength(this.bytes, start - 1, 2, written);
      this.at = start + 1 + written;
    } else {
      writeLength(this.bytes, start - width, width, written);
      this.at = start + written;
    }
  }
}

/** Bytes of the shortest varint of `value`. */
export function widthOf(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** `length` as a varint of exactly `width` bytes. */
export function writeLength(bytes: Uint8Array, at: number, width: number, length: number): void {
  let rest = length;
  for (let index = 1; index < width; index++) {
    bytes[at + index - 1] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[at + width - 1] = rest;
}

/** The first `max` UTF-16 units, one less where that would split a code point. */
function cutText(text: string, max: number): string {
  const last = text.charCodeAt(max - 1);
  const splits = last >= 0xd800 && last < 0xdc00 && isLow(text.charCodeAt(max));
  return text.slice(0, splits ? max - 1 : max);
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
