import type { Attributes } from '@opentelemetry/api';
import { AttributeMap } from '../cardinality/attribute-map.js';
import type { HistogramSet } from './histogram-set.js';

interface Place {
  set: HistogramSet;
}

/** The sets of a histogram, in the order of their first measurements. */
export class HistogramSets {
  readonly #places = new AttributeMap<Place>();

  get size(): number {
    return this.#places.size;
  }

  /** May throw the error of reading `attributes`. */
  get(attributes: Attributes): HistogramSet | undefined {
    return this.#places.get(attributes)?.set;
  }

  /** For a set that is not here yet. */
  add(set: HistogramSet): HistogramSet {
    this.#places.add(set.attributes, { set });
    return set;
  }

  /** Adds the measurements of each of `later` to the set with the same attributes. */
  join(later: HistogramSets): void {
    for (const { set } of later.#places.values()) {
      const known = this.#places.get(set.attributes);
      if (known === undefined) this.add(set);
      else known.set = known.set.plus(set);
    }
  }

  all(): readonly HistogramSet[] {
    return this.#places.values().map(({ set }) => set);
  }
}
