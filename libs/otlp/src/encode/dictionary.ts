import { writeLength, widthOf } from './cursor.js';

/** Keys and values together. */
const MAX_ENTRIES = 4096;
/** Words of 8 bytes: 256 KiB. */
const MAX_WORDS = 32_768;
/** UTF-16 units; longer keys and values are rarely repeated. */
const MAX_LENGTH = 256;
/** Values kept per key, each in the place that {@link placeOf} gives it. */
const PLACES = 16;
const SEEN = 4096;
/** A key loses one unit of patience for an unknown value and wins back four for a known one. After this many losses */
const PATIENCE = 64;
/** the key is assumed to have new values each time, and this many of its values are not looked up. */
const REST = -960;
const HIT = 4;

/** Encoded bytes, as `words` words of the arena from `start` on. */
interface Block {
  readonly start: number;
  readonly words: number;
  readonly bytes: number;
}

/** A key that was seen before: its block is its field and the tag of the value, `0x0a length key 0x12`. */
export interface KnownKey extends Block {
  readonly key: string;
  /** The key that followed this one last time: items of one kind have their keys in the same order. */
  next: KnownKey | undefined;
  /** Attributes with this key, complete but for the tag before them. */
  values: (KnownAttribute | undefined)[] | undefined;
  /** The value that was found last. Most keys keep one value for long. */
  last: KnownAttribute | undefined;
  patience: number;
  /** How often its patience ran out. */
  rests: number;
}

/** A whole KeyValue, from its length on. */
interface KnownAttribute extends Block {
  readonly value: string;
}

/**
 * Attribute keys and repeated string values, encoded as bytes. A value is admitted when it is seen for the second
 * time. The dictionary is bounded in entries and bytes, and is emptied when it is full.
 */
export class Dictionary {
  /** Doubles, since nothing else moves eight bytes at a time; never NaN, whose bits an engine may change. */
  readonly arena = new Float64Array(MAX_WORDS);
  readonly #keys = new Map<string, KnownKey>();
  readonly #seen = new Int32Array(SEEN);
  #used = 0;
  #entries = 0;
  #full = false;
  #root: KnownKey = newKey('', 0, 0, 0);
  readonly #scratch = Buffer.alloc(MAX_LENGTH * 6 + 64);
  readonly #view = new DataView(
    this.#scratch.buffer,
    this.#scratch.byteOffset,
    this.#scratch.byteLength,
  );

  /**
   * Call before the first key of an item. Only here may the dictionary be emptied, so that blocks in use stay valid.
   */
  start(): KnownKey {
    if (this.#full) this.#clear();
    return this.#root;
  }

  /** Returns undefined for an unknown key. */
  find(key: string, previous: KnownKey): KnownKey | undefined {
    const next = previous.next;
    if (next !== undefined && next.key === key) return next;
    const known = this.#keys.get(key) ?? this.#admitKey(key);
    if (known !== undefined) previous.next = known;
    return known;
  }

  /** Returns undefined for an unknown value, which will be known if it comes again. */
  attribute(key: KnownKey, value: string): KnownAttribute | undefined {
    const { last } = key;
    if (last !== undefined && last.value === value) return last;
    if (++key.patience < 0 || value.length > MAX_LENGTH) return undefined;
    const known = key.values?.[placeOf(value)];
    if (known !== undefined && known.value === value) {
      key.patience = Math.max(0, key.patience - HIT);
      key.last = known;
      return known;
    }
    if (key.patience > PATIENCE) {
      key.patience = REST;
      key.rests++;
    }
    // Values seen before a rest are forgotten: among ever new values each would be seen twice some day.
    const hash = hashOf(value) ^ key.start ^ Math.imul(key.rests, 0x85eb_ca6b);
    return this.#wasSeen(hash) ? this.#admitValue(key, value) : undefined;
  }

  #admitKey(key: string): KnownKey | undefined {
    if (key.length > MAX_LENGTH || !this.#wasSeen(hashOf(key))) return undefined;
    const bytes = this.#writeKey(key, 0);
    const start = this.#keep(bytes);
    if (start < 0) return undefined;
    const known = newKey(key, start, wordsOf(bytes), bytes);
    this.#keys.set(key, known);
    return known;
  }

  #admitValue(key: KnownKey, value: string): KnownAttribute | undefined {
    const length = Buffer.byteLength(value);
    const text = 1 + widthOf(length) + length;
    const size = key.bytes + widthOf(text) + text;
    let at = widthOf(size);
    writeLength(this.#scratch, 0, at, size);
    at = this.#writeKey(key.key, at);
    writeLength(this.#scratch, at, widthOf(text), text);
    at += widthOf(text);
    this.#scratch[at++] = 0x0a;
    writeLength(this.#scratch, at, widthOf(length), length);
    at += widthOf(length);
    const from = at;
    at += this.#scratch.write(value, at);
    const start = this.#keep(at);
    if (start < 0) return undefined;
    // A copy, since a string can be a slice that holds a large one.
    const copy = this.#scratch.toString('utf8', from, at);
    const known = { value: copy, start, words: wordsOf(at), bytes: at };
    key.values ??= Array.from({ length: PLACES }, () => undefined);
    key.values[placeOf(value)] = known;
    return known;
  }

  #writeKey(key: string, from: number): number {
    const length = Buffer.byteLength(key);
    let at = from;
    this.#scratch[at++] = 0x0a;
    writeLength(this.#scratch, at, widthOf(length), length);
    at += widthOf(length);
    at += this.#scratch.write(key, at);
    this.#scratch[at++] = 0x12;
    return at;
  }

  /** Copies the first `bytes` of the scratch into the arena and returns where; -1 if there is no room. */
  #keep(bytes: number): number {
    const words = wordsOf(bytes);
    if (this.#entries >= MAX_ENTRIES || this.#used + words > MAX_WORDS) {
      this.#full = true;
      return -1;
    }
    const start = this.#used;
    for (let word = 0; word < words; word++) {
      const bits = this.#view.getFloat64(word * 8, true);
      if (Number.isNaN(bits)) return -1;
      this.arena[start + word] = bits;
    }
    this.#used += words;
    this.#entries++;
    return start;
  }

  /** Remembers hashes instead of strings, since a short string may hold a larger one in memory. */
  #wasSeen(hash: number): boolean {
    const slot = (hash ^ (hash >>> 12)) & (SEEN - 1);
    if (this.#seen[slot] === hash) return true;
    this.#seen[slot] = hash;
    return false;
  }

  #clear(): void {
    this.#keys.clear();
    this.#seen.fill(0);
    this.#root = newKey('', 0, 0, 0);
    this.#used = 0;
    this.#entries = 0;
    this.#full = false;
  }
}

function newKey(key: string, start: number, words: number, bytes: number): KnownKey {
  return {
    key,
    start,
    words,
    bytes,
    next: undefined,
    values: undefined,
    last: undefined,
    patience: 0,
    rests: 0,
  };
}

function wordsOf(bytes: number): number {
  return (bytes + 7) >> 3;
}

function placeOf(value: string): number {
  const length = value.length;
  if (length === 0) return 0;
  return (
    (length + 7 * value.charCodeAt(length - 1) + 3 * value.charCodeAt(length >> 1)) & (PLACES - 1)
  );
}

/** Reads only a part of the text. Texts that it does not tell apart are admitted early, which is harmless. */
function hashOf(text: string): number {
  const length = text.length;
  let hash = length + 1;
  for (let at = 0; at < length; at += 1 + (length >> 3)) {
    hash = Math.imul(hash, 31) + text.charCodeAt(at);
  }
  for (let at = Math.max(0, length - 3); at < length; at++) {
    hash = Math.imul(hash, 31) + text.charCodeAt(at);
  }
  return Math.imul(hash, 0x9e37_79b1);
}
