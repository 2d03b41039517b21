import type { Attributes } from '@opentelemetry/api';
import type { Observe, ObservedSets, Source } from './observed-sets.js';

/** The value type and the kind of an instrument. */
export interface Counting {
  readonly isInteger: boolean;
  readonly isMonotonic: boolean;
}

/** One call of a callback, which ends when its promise does. */
export class ObservedRun {
  readonly #sets: ObservedSets;
  readonly #source: Source;
  readonly #counting: Counting;
  readonly #observe: Observe;
  readonly #refuse: (reason: unknown) => void;
  readonly #number: number;
  #sum = 0;
  #last: number | undefined;

  constructor(
    sets: ObservedSets,
    source: Source,
    counting: Counting,
    observe: Observe,
    refuse: (reason: unknown) => void,
  ) {
    this.#sets = sets;
    this.#source = source;
    this.#counting = counting;
    this.#observe = observe;
    this.#refuse = refuse;
    this.#number = ++source.begun;
  }

  /** An observation that fails does not affect the others of the callback. */
  observe(value: number, attributes: Attributes = {}): void {
    if (!Number.isFinite(value)) return this.#refuse('it is not a finite number');
    try {
      const place = this.#sets.placeOf(attributes);
      if (place === 'overflow') return this.#overflow(value);
      this.#observe(value, attributes);
      if (place === 'new') this.#sets.keep(attributes);
    } catch (error) {
      this.#refuse(error);
    }
  }

  end(): void {
    this.#sets.end(this.#source, this.#number, this.#sum, this.#last, this.#observe);
  }

  #overflow(value: number): void {
    const { isInteger, isMonotonic } = this.#counting;
    const counted = isInteger ? Math.trunc(value) : value;
    this.#last = counted;
    if (!isMonotonic || counted > 0) this.#sum += counted;
  }
}
