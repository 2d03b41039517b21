import { types } from 'node:util';
import { widthOf } from './cursor.js';
import type { Cursor } from './cursor.js';
import type { EncodeLimits, OpenLosses } from './limits.js';

const MIN_INT64 = -(2 ** 63);
const MAX_INT64 = 2 ** 63;
const MIN_BIGINT = -(2n ** 63n);
const MAX_BIGINT = 2n ** 63n - 1n;
/** Width of the lengths inside a composite: enough for 2 MiB. */
const NARROW = 3;
const WIDE = 4;

const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;
const ARRAY = 0x2a;
const MAP = 0x32;
const BYTES = 0x3a;

/**
 * Writes any JavaScript value as the fields of an AnyValue:
 * - string: string; a lone surrogate becomes U+FFFD; truncated at `valueLength`
 * - boolean: bool; integer of the int64 range: int, -0 as 0; other number, NaN and infinities too: double
 * - bigint: int, or a string of its digits where it is larger
 * - null and undefined: no field, which is OTLP's null
 * - Uint8Array, ArrayBuffer, DataView: bytes; other typed arrays: array of numbers
 * - Array, Set: array; Map and any other object: map of its own enumerable properties; `toJSON` is not called
 * - Date: ISO 8601; Error: its stack; RegExp and boxed values: their text or primitive; symbol and function: their
 *   name
 * - a container inside itself: `[Circular]`; beyond the depth limit: `[Array]`, `[Object]`
 *
 * Rethrows the error of a getter or a proxy: the caller then takes back the bytes that were written.
 */
export class AnyValueWriter {
  readonly #cursor: Cursor;
  readonly #limits: EncodeLimits;
  readonly #losses: OpenLosses;
  readonly #width: number;
  /** The containers that are open, outermost first. */
  readonly #path: object[] = [];
  /** The offset at which the outermost open composite must end, */
  #stop = 0;
  /** and whether its bytes are used up. */
  #over = false;

  constructor(cursor: Cursor, limits: EncodeLimits, losses: OpenLosses) {
    this.#cursor = cursor;
    this.#limits = limits;
    this.#losses = losses;
    this.#width = limits.itemBytes < 0x20_0000 ? NARROW : WIDE;
  }

  /** Bytes of the lengths inside a composite. */
  get width(): number {
    return this.#width;
  }

  /** `maxLength` bounds a string or bytes. */
  write(value: unknown, maxLength: number): void {
    switch (typeof value) {
      case 'string':
        this.#text(value, maxLength);
        break;
      case 'number':
        this.#number(value);
        break;
      case 'boolean':
        if (this.#cursor.fits(2)) {
          this.#cursor.byte(BOOL);
          this.#cursor.byte(value ? 1 : 0);
        }
        break;
      case 'bigint':
        this.#bigint(value);
        break;
      case 'object':
        if (value !== null) this.#outermost(value, maxLength);
        break;
      case 'symbol':
        this.#text(String(value), maxLength);
        break;
      case 'function':
        this.#text(`[Function: ${value.name}]`, maxLength);
        break;
    }
  }

  #text(text: string, maxLength: number): void {
    if (text.length > maxLength) this.#losses.values++;
    this.#cursor.text(STRING, text, maxLength);
  }

  #number(value: number): void {
    const cursor = this.#cursor;
    if (!cursor.fits(11)) return;
    if (Number.isInteger(value) && value >= MIN_INT64 && value < MAX_INT64) {
      cursor.byte(INT);
      cursor.int64(value);
    } else {
      cursor.byte(DOUBLE);
      cursor.double(value);
    }
  }

  #bigint(value: bigint): void {
    if (value < MIN_BIGINT || value > MAX_BIGINT) {
      // Digits of a huge integer take quadratic time; no reader wants a million of them.
      const bits = value < 0n ? -value : value;
      this.#text(bits >> 4096n > 0n ? '[BigInt]' : String(value), this.#limits.valueLength);
      return;
    }
    if (!this.#cursor.fits(11)) return;
    this.#cursor.byte(INT);
    this.#cursor.varint64(
      Number(BigInt.asUintN(32, value)),
      Number(BigInt.asUintN(32, value >> 32n)),
    );
  }

  #outermost(value: object, maxLength: number): void {
    this.#path.length = 0;
    this.#stop = Math.min(this.#cursor.at + this.#limits.compositeBytes, this.#cursor.soft);
    this.#over = false;
    this.#object(value, maxLength);
  }

  #inner(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.#object(value, this.#limits.valueLength);
    else this.write(value, this.#limits.valueLength);
  }

  #object(value: object, maxLength: number): void {
    if (types.isUint8Array(value)) return this.#bytes(value, maxLength);
    if (Array.isArray(value)) return this.#container(ARRAY, value, '[Array]');
    if (types.isDate(value)) {
      const time = value.getTime();
      return this.#text(Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString(), 32);
    }
    if (types.isNativeError(value)) return this.#text(textOfError(value), maxLength);
    if (types.isMap(value)) return this.#container(MAP, value, '[Map]');
    if (types.isSet(value)) return this.#container(ARRAY, value, '[Set]');
    if (types.isRegExp(value)) return this.#text(RegExp.prototype.toString.call(value), maxLength);
    if (types.isAnyArrayBuffer(value)) return this.#bytes(new Uint8Array(value), maxLength);
    if (types.isDataView(value)) {
      return this.#bytes(
        new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
        maxLength,
      );
    }
    if (types.isTypedArray(value)) return this.#container(ARRAY, value, '[Array]');
    if (types.isBoxedPrimitive(value)) {
      const plain = (value as { valueOf(): unknown }).valueOf();
      if (typeof plain !== 'object') return this.write(plain, maxLength);
    }
    this.#container(MAP, value, '[Object]');
  }

  #bytes(value: Uint8Array, maxLength: number): void {
    const cut = value.length > maxLength;
    if (cut) this.#losses.values++;
    const bytes = cut ? value.subarray(0, maxLength) : value;
    const cursor = this.#cursor;
    if (!cursor.fits(bytes.length + 6)) return;
    cursor.byte(BYTES);
    cursor.uint32(bytes.length);
    cursor.copy(bytes);
  }

  #container(tag: number, value: object, beyond: string): void {
    if (this.#path.includes(value)) return this.#replace('[Circular]');
    if (this.#path.length >= this.#limits.depth) return this.#replace(beyond);
    const cursor = this.#cursor;
    if (!cursor.fits(1)) return;
    cursor.byte(tag);
    const start = cursor.reserve(this.#width);
    this.#path.push(value);
    if (types.isMap(value)) this.#map(value);
    else if (types.isSet(value)) this.#elements(value);
    else if (tag === ARRAY) this.#indexed(value as ArrayLike<unknown>);
    else this.#properties(value as { readonly [key: string]: unknown });
    this.#path.pop();
    cursor.fill(start, this.#width);
  }

  #replace(text: string): void {
    this.#losses.values++;
    this.#cursor.text(STRING, text, text.length);
  }

  #indexed(values: ArrayLike<unknown>): void {
    const length = values.length;
    for (let index = 0; index < length; index++) {
      if (this.#isOver()) return;
      this.#element(values[index]);
    }
  }

  #elements(values: ReadonlySet<unknown>): void {
    for (const value of Set.prototype.values.call(values)) {
      if (this.#isOver()) return;
      this.#element(value);
    }
  }

  #element(value: unknown): void {
    const cursor = this.#cursor;
    const width = typeof value === 'object' && value !== null ? this.#width : sizeWidth(value);
    const before = cursor.at;
    if (!cursor.fits(1)) return;
    cursor.byte(STRING);
    const start = cursor.reserve(width);
    this.#inner(value);
    cursor.fill(start, width);
    this.#keep(before);
  }

  #map(entries: ReadonlyMap<unknown, unknown>): void {
    for (const [key, value] of Map.prototype.entries.call(entries)) {
      if (this.#isOver()) return;
      this.#entry(typeof key === 'object' ? textOfKey(key) : String(key), value);
    }
  }

  #properties(values: { readonly [key: string]: unknown }): void {
    for (const key in values) {
      if (!Object.prototype.hasOwnProperty.call(values, key)) continue;
      if (this.#isOver()) return;
      this.#entry(key, values[key]);
    }
  }

  #entry(key: string, value: unknown): void {
    const cursor = this.#cursor;
    const before = cursor.at;
    if (!cursor.fits(1)) return;
    cursor.byte(STRING);
    const start = cursor.reserve(this.#width);
    this.keyed(key, value, this.#limits.valueLength, true);
    cursor.fill(start, this.#width);
    this.#keep(before);
  }

  /** Key and value of a KeyValue, without its own tag and length. */
  keyed(key: string, value: unknown, maxLength: number, inner = false): void {
    const cursor = this.#cursor;
    cursor.text(STRING, key, this.#limits.keyLength);
    if (!cursor.fits(1)) return;
    cursor.byte(0x12);
    const width = typeof value === 'object' && value !== null ? this.#width : sizeWidth(value);
    const start = cursor.reserve(width);
    if (inner) this.#inner(value);
    else this.write(value, maxLength);
    cursor.fill(start, width);
  }

  #isOver(): boolean {
    const cursor = this.#cursor;
    if (this.#over || cursor.full) return true;
    if (cursor.at < this.#stop) return false;
    this.#end(cursor.at);
    return true;
  }

  /** Takes back the element that was written from `before` on if it is too long for the composite. */
  #keep(before: number): void {
    if (this.#cursor.at > this.#stop) this.#end(before);
  }

  #end(at: number): void {
    this.#cursor.at = at;
    if (!this.#over) this.#losses.values++;
    this.#over = true;
  }
}

/** Width of the length of a value that is not a container. */
function sizeWidth(value: unknown): number {
  if (typeof value === 'string') return widthOf(value.length * 3 + 6);
  return typeof value === 'symbol' || typeof value === 'function' || typeof value === 'bigint'
    ? NARROW
    : 1;
}

function textOfError(error: Error): string {
  return typeof error.stack === 'string' && error.stack !== ''
    ? error.stack
    : `${error.name}: ${error.message}`;
}

/** Keys of maps may be anything. An object as a key has no text of its own. */
function textOfKey(key: object | null): string {
  return key === null ? 'null' : '[Object]';
}
