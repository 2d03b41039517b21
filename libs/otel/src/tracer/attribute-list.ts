import type { Attributes } from '@opentelemetry/api';
import { cleanAttributes } from '@opentelemetry/core';
import { bitOf } from '@nestlens/otlp';
import type { AttributeBlock, FlatAttributes } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import type { Limits } from './span-limits.js';

/** From here on keys are found by a map instead of a search. */
const MANY = 32;
const ALL_BITS = -1;

/** The value as the SDK keeps it: checked, copied and truncated. Undefined for one that is none. */
const checked = (value: unknown, valueLength: number): unknown => {
  const limits = { attributeCountLimit: 1, attributeValueLengthLimit: valueLength };
  try {
    return cleanAttributes({ value }, limits).attributes?.['value'];
  } catch {
    // It throws when it is read, or is nested too deep for the stack.
    return undefined;
  }
};

const hasOwn = (object: object, key: string): boolean =>
  Object.prototype.hasOwnProperty.call(object, key);

/** A key `__proto__` would set the prototype. */
const assign = (object: Attributes, key: string, value: unknown): void => {
  if (key !== '__proto__') object[key] = value;
  else {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
};

/**
 * The attributes of a span in two lists, and within the span's limits. Once somebody has asked for them as an object
 * they are that object, since processors change it. Never throws.
 */
export class AttributeList implements FlatAttributes {
  keys: string[] = [];
  values: unknown[] = [];
  object: Attributes | undefined;
  dropped = 0;
  private count = 0;
  /** The bits of all keys: a key with another bit is a new one. */
  private bits = 0;
  private hasBlocks = false;
  private places: Map<string, number> | undefined;
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Returns false for a key or a value that is none. An undefined value is no attribute, and no fault. */
  set(key: string, value: unknown): boolean {
    if (value === undefined) return true;
    if (typeof key !== 'string' || key === '') return refused(key);
    if (this.object !== undefined) return this.setOnObject(this.object, key, value);
    const bit = bitOf(key);
    const place = (this.bits & bit) === 0 ? -1 : this.placeOf(key);
    if (place < 0 && this.count >= this.limits.attributes) return this.drop();
    const kept = this.kept(value);
    if (kept === undefined) return refused(key);
    if (place >= 0) this.values[place] = kept;
    else {
      this.keys.push(key);
      this.values.push(kept);
      this.bits |= bit;
      this.count++;
      this.places?.set(key, this.keys.length - 1);
    }
    return true;
  }

  /** Sets all own attributes. With `countInvalid` those that are none count as dropped, as the SDK has it at a start. */
  setAll(attributes: unknown, countInvalid = false): void {
    if (typeof attributes !== 'object' || attributes === null) return;
    const given = attributes as Readonly<Record<string, unknown>>;
    try {
      for (const key in given) {
        if (!hasOwn(given, key)) continue;
        if (!this.setFrom(given, key) && countInvalid) this.dropped++;
      }
    } catch (error) {
      diag.warn('The attributes of a span could not be read', error);
    }
  }

  setBlock(block: AttributeBlock): void {
    const isPlain =
      this.object === undefined &&
      this.places === undefined &&
      ((this.bits & block.bits) === 0 || !block.keys.some((key) => this.has(key))) &&
      block.longestText <= this.limits.valueLength &&
      this.count + block.keys.length <= this.limits.attributes;
    if (!isPlain) return this.setAll(block.attributes);
    this.keys.push('');
    this.values.push(block);
    this.bits |= block.bits;
    this.count += block.keys.length;
    this.hasBlocks = true;
  }

  /** The attributes as an object. From now on it is them. */
  asObject(): Attributes {
    if (this.object !== undefined) return this.object;
    this.object = this.copy();
    this.keys = [];
    this.values = [];
    this.places = undefined;
    return this.object;
  }

  replace(attributes: Attributes): void {
    this.asObject();
    this.object = attributes;
    this.count = Object.keys(attributes).length;
  }

  copy(): Attributes {
    if (this.object !== undefined) return { ...this.object };
    const copy: Attributes = {};
    for (let index = 0; index < this.keys.length; index++) {
      const key = this.keys[index]!;
      const value = this.values[index];
      if (key === '') Object.assign(copy, (value as AttributeBlock).attributes);
      else assign(copy, key, value);
    }
    return copy;
  }

  private setFrom(given: Readonly<Record<string, unknown>>, key: string): boolean {
    let value: unknown;
    try {
      value = given[key];
    } catch {
      return refused(key);
    }
    return this.set(key, value);
  }

  private setOnObject(object: Attributes, key: string, value: unknown): boolean {
    const isNew = !hasOwn(object, key);
    if (isNew && this.count >= this.limits.attributes) return this.drop();
    const kept = this.kept(value);
    if (kept === undefined) return refused(key);
    assign(object, key, kept);
    if (isNew) this.count++;
    return true;
  }

  /** The value within the limits. Undefined for one that is none. */
  private kept(value: unknown): unknown {
    const { valueLength } = this.limits;
    if (typeof value === 'string') {
      return value.length > valueLength ? value.slice(0, valueLength) : value;
    }
    return typeof value === 'number' || typeof value === 'boolean'
      ? value
      : checked(value, valueLength);
  }

  /** Does not open a block for it. */
  private has(key: string): boolean {
    if ((this.bits & bitOf(key)) === 0) return false;
    for (let index = 0; index < this.keys.length; index++) {
      const known = this.keys[index]!;
      if (known === key) return true;
      if (known === '' && (this.values[index] as AttributeBlock).keys.includes(key)) return true;
    }
    return false;
  }

  private placeOf(key: string): number {
    if (this.places !== undefined) return this.places.get(key) ?? -1;
    if (this.hasBlocks) this.openBlocksOf(key);
    const { keys } = this;
    const { length } = keys;
    if (length >= MANY) return this.mapped().get(key) ?? -1;
    for (let index = 0; index < length; index++) if (keys[index] === key) return index;
    return -1;
  }

  /** Replaces the block that has `key` by its attributes, in its place. */
  private openBlocksOf(key: string): void {
    const at = this.values.findIndex(
      (value, index) =>
        this.keys[index] === '' && hasOwn((value as AttributeBlock).attributes, key),
    );
    if (at >= 0) this.openBlock(at);
  }

  private openBlock(at: number): void {
    const { attributes, keys } = this.values[at] as AttributeBlock;
    this.keys.splice(at, 1, ...keys);
    this.values.splice(at, 1, ...keys.map((key) => attributes[key]));
    this.hasBlocks = this.keys.includes('');
  }

  private mapped(): Map<string, number> {
    while (this.hasBlocks) this.openBlock(this.keys.indexOf(''));
    this.bits = ALL_BITS;
    return (this.places = new Map(this.keys.map((key, index) => [key, index])));
  }

  private drop(): boolean {
    this.dropped++;
    if (this.dropped === 1) diag.warn('Further attributes of a span are dropped: it has too many');
    return true;
  }
}

const refused = (key: unknown): boolean => {
  diag.warn(typeof key === 'string' ? `Invalid attribute: ${key}` : 'Invalid attribute key');
  return false;
};
