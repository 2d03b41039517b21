import type { Attributes } from '@opentelemetry/api';
import { hashOf, isSameSet } from './attribute-set.js';

interface Slot<Value> {
  readonly attributes: Attributes;
  readonly value: Value;
  /** Another set of the same hash. */
  readonly next: Slot<Value> | undefined;
}

/** A value for each attribute set, in the order in which they came. */
export class AttributeMap<Value> {
  readonly #slots = new Map<number, Slot<Value>>();
  readonly #values: Value[] = [];

  get size(): number {
    return this.#values.length;
  }

  /** May throw what reading `attributes` throws. */
  get(attributes: Attributes): Value | undefined {
    let slot = this.#slots.get(hashOf(attributes));
    while (slot !== undefined && !isSameSet(slot.attributes, attributes)) slot = slot.next;
    return slot?.value;
  }

  /** For a set that is not in it. `attributes` must not change from now on. */
  add(attributes: Attributes, value: Value): void {
    const hash = hashOf(attributes);
    this.#slots.set(hash, { attributes, value, next: this.#slots.get(hash) });
    this.#values.push(value);
  }

  values(): readonly Value[] {
    return this.#values;
  }
}
