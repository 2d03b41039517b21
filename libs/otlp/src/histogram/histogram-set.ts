import type { Attributes, HrTime } from '@opentelemetry/api';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';

/** The measurements of one attribute set between two collections, in explicit buckets. */
export class HistogramSet {
  readonly attributes: Attributes;
  startTime: HrTime;
  readonly #boundaries: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(attributes: Attributes, startTime: HrTime, boundaries: readonly number[]) {
    this.attributes = attributes;
    this.startTime = startTime;
    this.#boundaries = boundaries;
    this.#counts = Array.from({ length: boundaries.length + 1 }, () => 0);
  }

  /** NaN is left out, as by the SDK. */
  record(value: number): void {
    if (Number.isNaN(value)) return;
    this.#count += 1;
    this.#sum += value;
    this.#min = Math.min(value, this.#min);
    this.#max = Math.max(value, this.#max);
    const boundaries = this.#boundaries;
    const { length } = boundaries;
    let bucket = 0;
    // Most durations are in the first buckets.
    while (bucket < length && boundaries[bucket]! < value) bucket++;
    this.#counts[bucket]! += 1;
  }

  /** A set with the measurements of both, which stay as they are: they may have been handed out. */
  plus(later: HistogramSet): HistogramSet {
    const both = new HistogramSet(this.attributes, this.startTime, this.#boundaries);
    for (let at = 0; at < both.#counts.length; at++) {
      both.#counts[at] = this.#counts[at]! + later.#counts[at]!;
    }
    both.#count = this.#count + later.#count;
    both.#sum = this.#sum + later.#sum;
    both.#min = Math.min(this.#min, later.#min);
    both.#max = Math.max(this.#max, later.#max);
    return both;
  }

  point(endTime: HrTime): DataPoint<Histogram> {
    const isEmpty = this.#count === 0;
    return {
      attributes: this.attributes,
      startTime: this.startTime,
      endTime,
      value: {
        min: isEmpty ? undefined : this.#min,
        max: isEmpty ? undefined : this.#max,
        sum: this.#sum,
        buckets: { boundaries: [...this.#boundaries], counts: this.#counts },
        count: this.#count,
      },
    };
  }
}
