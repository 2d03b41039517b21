import type { AnyValueWriter } from './any-value.js';
import type { AttributeBlock } from './attribute-block.js';
import { widthOf, writeLength } from './cursor.js';
import type { Cursor } from './cursor.js';
import type { Dictionary, KnownKey } from './dictionary.js';
import type { FlatAttributes } from './flat-span.js';
import type { OpenLosses } from './limits.js';

/** Attributes as the SDK keeps them. Their values are those that the application gave, of any type. */
interface AttributeBag {
  readonly [key: string]: unknown;
}

/**
 * Bytes that are moved at a time. Up to seven bytes past a block are overwritten by later writes, or lie in no item.
 */
const WORD = 8;
/** UTF-16 units; no encoder truncates a key that is not longer. */
const LONGEST_KEY = 256;

/** Writes repeated KeyValue fields. */
export class AttributeWriter {
  readonly #cursor: Cursor;
  readonly #dictionary: Dictionary;
  readonly #values: AnyValueWriter;
  readonly #losses: OpenLosses;
  readonly #valueLength: number;
  /** Where the attributes at hand have to end, less the bytes that a move may write past them. */
  #room = 0;
  /** The key before the one at hand. */
  #previous: KnownKey;

  constructor(
    cursor: Cursor,
    dictionary: Dictionary,
    values: AnyValueWriter,
    losses: OpenLosses,
    valueLength: number,
  ) {
    this.#cursor = cursor;
    this.#dictionary = dictionary;
    this.#values = values;
    this.#losses = losses;
    this.#valueLength = valueLength;
    this.#previous = dictionary.start();
  }

  /**
   * Writes own enumerable attributes, at most `max`, each with `tag` (of one byte). Returns how many were left out:
   * those past `max` or past the item's budget, with an empty key, or with a value that throws.
   */
  write(tag: number, attributes: AttributeBag | undefined, max: number): number {
    if (attributes === undefined || attributes === null) return 0;
    const cursor = this.#cursor;
    let left = max;
    let dropped = 0;
    let at = cursor.at;
    this.#begin();
    try {
      for (const key in attributes) {
        if (!Object.prototype.hasOwnProperty.call(attributes, key)) continue;
        if (left === 0 || key === '' || !this.#one(tag, key, attributes[key])) dropped++;
        else left--;
        if (cursor.full) return 0;
        at = cursor.at;
      }
    } catch {
      // A getter or proxy of the application threw. The attributes that are written already stay.
      cursor.at = at;
      dropped++;
    }
    if (dropped > 0) this.#losses.attributes += dropped;
    return dropped;
  }

  /** {@link AttributeWriter.write} of the attributes of a span in lists. */
  writeFlat(tag: number, { keys, values, object }: FlatAttributes, max: number): number {
    if (object !== undefined) return this.write(tag, object, max);
    const cursor = this.#cursor;
    let left = max;
    let dropped = 0;
    let blocks = 0;
    this.#begin();
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      if (key === '') {
        const block = values[index] as AttributeBlock;
        blocks += this.#block(tag, block, left);
        left = Math.max(0, left - block.keys.length);
      } else if (left === 0 || !this.#one(tag, key, values[index])) dropped++;
      else left--;
      if (cursor.full) return 0;
    }
    if (dropped > 0) this.#losses.attributes += dropped;
    return dropped + blocks;
  }

  #begin(): void {
    this.#room = Math.min(this.#cursor.end, this.#cursor.soft) - WORD;
    this.#previous = this.#dictionary.start();
  }

  /** Returns false, with nothing written, for an attribute that is left out. */
  #one(tag: number, key: string, value: unknown): boolean {
    const cursor = this.#cursor;
    const { at } = cursor;
    const previous = this.#previous;
    // Most attributes have the key that followed last time, with the same value. Those cost little.
    const { next } = previous;
    const known =
      next !== undefined && next.key === key ? next : this.#dictionary.find(key, previous);
    if (known === undefined) this.#unknown(tag, key, value);
    else {
      this.#previous = known;
      const { last } = known;
      if (
        last !== undefined &&
        last.value === value &&
        at + last.bytes < this.#room &&
        value.length <= this.#valueLength
      ) {
        cursor.byte(tag);
        this.#words(last.start, last.words, last.bytes);
        return true;
      }
      this.#known(tag, known, value);
    }
    if (cursor.at <= cursor.soft && cursor.at !== at) return true;
    cursor.at = at;
    return false;
  }

  /** Writes a block, and keeps its bytes for the next span. Returns how many of its attributes were left out. */
  #block(tag: number, block: AttributeBlock, left: number): number {
    const cursor = this.#cursor;
    const { at } = cursor;
    const { encoded } = block;
    const isWhole =
      block.keys.length <= left &&
      block.longestText <= this.#valueLength &&
      block.longestKey <= LONGEST_KEY;
    if (isWhole && encoded !== undefined && at + encoded.length < this.#room) {
      cursor.copy(encoded);
      return 0;
    }
    const dropped = this.write(tag, block.attributes, left);
    // The first time its keys may be new to the dictionary, and the second time its values: those take a byte more.
    if (isWhole && dropped === 0 && !cursor.full && ++block.written > 2) {
      block.encoded = Uint8Array.from(cursor.bytes.subarray(at, cursor.at));
    }
    this.#begin();
    return dropped;
  }

  #known(tag: number, known: KnownKey, value: unknown): void {
    if (typeof value === 'string') return this.#string(tag, known, value);
    if (typeof value === 'number') return this.#number(tag, known, value);
    if (typeof value === 'boolean') {
      if (!this.#cursor.fits(known.bytes + 16)) return;
      this.#head(tag, known, 3);
      this.#cursor.byte(2);
      this.#cursor.byte(0x10);
      this.#cursor.byte(value ? 1 : 0);
      return;
    }
    this.#unknown(tag, known.key, value);
  }

  #string(tag: number, known: KnownKey, value: string): void {
    const attribute = this.#dictionary.attribute(known, value);
    const cursor = this.#cursor;
    const length = value.length;
    if (attribute !== undefined && length <= this.#valueLength) {
      if (!cursor.fits(attribute.bytes + 9)) return;
      cursor.byte(tag);
      this.#words(attribute.start, attribute.words, attribute.bytes);
      return;
    }
    // The lengths of a short attribute take one byte each, and are known as soon as its text is written.
    const fixed = known.bytes + 3;
    if (fixed + length > 127 || length > this.#valueLength) {
      this.#unknown(tag, known.key, value);
      return;
    }
    if (!cursor.fits(fixed + length * 3 + 16)) return;
    const { at, bytes } = cursor;
    const textAt = at + 2 + fixed;
    cursor.at = at + 2;
    this.#words(known.start, known.words, known.bytes);
    const written = cursor.utf8(value, textAt);
    if (fixed + written > 127) {
      cursor.at = at;
      this.#unknown(tag, known.key, value);
      return;
    }
    bytes[at] = tag;
    bytes[at + 1] = fixed + written;
    bytes[textAt - 3] = written + 2;
    bytes[textAt - 2] = 0x0a;
    bytes[textAt - 1] = written;
    cursor.at = textAt + written;
  }

  #number(tag: number, known: KnownKey, value: number): void {
    const cursor = this.#cursor;
    if (!cursor.fits(known.bytes + 24)) return;
    if (value >= 0 && value <= 0xffff_ffff && Number.isInteger(value)) {
      const size = 1 + widthOf(value);
      this.#head(tag, known, 1 + size);
      cursor.byte(size);
      cursor.byte(0x18);
      cursor.uint32(value);
    } else if (Number.isInteger(value)) {
      this.#unknown(tag, known.key, value);
    } else {
      this.#head(tag, known, 10);
      cursor.byte(9);
      cursor.byte(0x21);
      cursor.double(value);
    }
  }

  /** Tag, length and key of an attribute whose value takes `rest` bytes, less than 112 with a short key. */
  #head(tag: number, known: KnownKey, rest: number): void {
    const cursor = this.#cursor;
    const size = known.bytes + rest;
    cursor.byte(tag);
    if (size < 128) cursor.byte(size);
    else {
      writeLength(cursor.bytes, cursor.at, 2, size);
      cursor.at += 2;
    }
    this.#words(known.start, known.words, known.bytes);
  }

  #words(start: number, words: number, bytes: number): void {
    const arena = this.#dictionary.arena;
    const { view, at } = this.#cursor;
    for (let word = 0; word < words; word++) {
      view.setFloat64(at + word * WORD, arena[start + word]!, true);
    }
    this.#cursor.at = at + bytes;
  }

  /** Writes any key and any value. Takes back its bytes where the value throws. */
  #unknown(tag: number, key: string, value: unknown): void {
    const cursor = this.#cursor;
    const before = cursor.at;
    const simple = typeof value === 'string' || typeof value === 'number';
    const width = simple ? widthOf(sizeOf(key) + sizeOf(value)) : this.#values.width;
    if (!cursor.fits(1)) return;
    cursor.byte(tag);
    const start = cursor.reserve(width);
    try {
      this.#values.keyed(key, value, this.#valueLength);
      cursor.fill(start, width);
    } catch {
      cursor.at = before;
    }
  }
}

/** A lower bound of the bytes that a key, or a plain value, takes with its tags and lengths. */
function sizeOf(value: string | number): number {
  return typeof value === 'string' ? value.length * 3 + 16 : 16;
}
