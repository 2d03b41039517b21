import type { Attributes } from '@opentelemetry/api';
import { hashOf, isSameSet } from './attribute-set.js';

interface Slot<Value> {
  readonly attributes: Attributes;
  readonly value: Value;
  /** The next set with the same hash. */
  readonly next: Slot<Value> | undefined;
}

/** A value for each attribute set, in the order of insertion. */
export class AttributeMap<Value> {
  readonly #slots = new Map<number, Slot<Value>>();
  readonly #values: Value[] = [];

  get size(): number {
    return this.#values.length;
  }

  /** May throw the error of reading `attributes`. */
  get(attributes: Attributes): Value | undefined {
    let slot = this.#slots.get(hashOf(attributes));
    while (slot !== undefined && !isSameSet(slot.attributes, attributes)) slot = slot.next;
    return slot?.value;
  }

  /** For a set that is not in the map. `attributes` must not change from now on. */
  add(attributes: Attributes, value: Value): void {
    const hash = hashOf(attributes);
    this.#slots.set(hash, { attributes, value, next: this.#slots.get(hash) });
    this.#values.push(value);
  }

  values(): readonly Value[] {
    return this.#values;
  }
}
