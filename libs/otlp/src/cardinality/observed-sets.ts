import type { Attributes } from '@opentelemetry/api';
import { AttributeMap } from './attribute-map.js';
import { OVERFLOW, copyOf, isOverflow } from './attribute-set.js';

export type ObservedKind = 'counter' | 'up-down-counter' | 'gauge';
export type Observe = (value: number, attributes?: Attributes) => void;

/** The last values that one callback observed for the sets without a point of their own. */
export interface Source {
  sum: number;
  begun: number;
  /** The newest run that has ended. Each reader makes runs, and they may overlap. */
  ended: number;
}

/**
 * The attribute sets of one observed instrument, at most `limit` for the life of the process. The first `limit - 1`
 * sets keep a point each. The others are summed up before the SDK sees them, since the SDK keeps only the last value
 * of its overflow. A gauge has no sum, so its overflow is the last value.
 *
 * The callbacks' values for the others are one sum for each run. A counter's overflow grows by the growth of that
 * sum: sets that are gone stay counted, as in the SDK, and never make the sum start again.
 */
export class ObservedSets {
  readonly #kind: ObservedKind;
  readonly #limit: number;
  readonly #known = new AttributeMap<true>();
  readonly #sources = new Set<Source>();
  #overflows = false;
  #grown = 0;

  constructor(kind: ObservedKind, limit: number) {
    this.#kind = kind;
    this.#limit = limit;
  }

  /** The state of one callback. */
  add(): Source {
    const source = { sum: 0, begun: 0, ended: 0 };
    this.#sources.add(source);
    return source;
  }

  remove(source: Source): void {
    this.#sources.delete(source);
  }

  /** The point to which an observation of the set goes. Throws for a set that cannot be read, as the SDK does. */
  placeOf(attributes: Attributes): 'known' | 'new' | 'overflow' {
    if (this.#known.get(attributes) !== undefined) return 'known';
    return this.#known.size < this.#limit - 1 && !isOverflow(attributes) ? 'new' : 'overflow';
  }

  /** Gives a new set a point of its own. */
  keep(attributes: Attributes): void {
    this.#known.add(copyOf(attributes), true);
  }

  /** Updates the overflow at the end of a run. `sum` and `last` cover the sets without a point of their own. */
  end(source: Source, run: number, sum: number, last: number | undefined, observe: Observe): void {
    if (run < source.ended) return;
    source.ended = run;
    if (this.#kind === 'gauge') {
      if (last !== undefined) observe(last, OVERFLOW);
      return;
    }
    this.#grown += Math.max(0, sum - source.sum);
    source.sum = sum;
    this.#overflows ||= last !== undefined;
    if (this.#overflows) observe(this.#total(), OVERFLOW);
  }

  #total(): number {
    if (this.#kind === 'counter') return this.#grown;
    let total = 0;
    for (const { sum } of this.#sources) total += sum;
    return total;
  }
}
