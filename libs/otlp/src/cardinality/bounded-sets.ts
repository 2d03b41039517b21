import type { Attributes, HrTime } from '@opentelemetry/api';
import type { DataPoint } from '@opentelemetry/sdk-metrics';
import { AttributeMap } from './attribute-map.js';
import { OVERFLOW, copyOf, isOverflow } from './attribute-set.js';
import type { Merge } from './merging.js';

interface Entry {
  readonly attributes: Attributes;
  startTime: HrTime;
  /** End time of the newest value: collections may end in another order than they began. */
  endTime: HrTime;
  value: unknown;
}

/**
 * The attribute sets of one metric, at most `limit` for the life of the process. The first `limit - 1` sets keep a
 * point each; all others share one point with `otel.metric.overflow`. Nothing is lost and nothing is counted twice.
 */
export class BoundedSets {
  readonly #merge: Merge;
  readonly #limit: number;
  readonly #entries = new AttributeMap<Entry>();
  #overflow: Entry | undefined;

  constructor(merge: Merge, limit: number) {
    this.#merge = merge;
    this.#limit = limit;
  }

  add(point: DataPoint<unknown>): void {
    const place = this.#placeOf(point.attributes);
    if (place === 'new') {
      const attributes = copyOf(point.attributes);
      this.#entries.add(attributes, entryOf(point, attributes));
    } else if (place !== 'overflow') {
      this.#join(place, point);
    } else if (this.#overflow !== undefined) {
      this.#join(this.#overflow, point);
    } else {
      this.#overflow = entryOf(point, OVERFLOW);
    }
  }

  /** All sets as they are now. `endTime` is the time of each point; without it, the time of its newest value. */
  points(endTime?: HrTime): DataPoint<unknown>[] {
    const points: DataPoint<unknown>[] = [];
    for (const entry of this.#entries.values()) points.push(pointOf(entry, endTime));
    if (this.#overflow !== undefined) points.push(pointOf(this.#overflow, endTime));
    return points;
  }

  #placeOf(attributes: Attributes): Entry | 'new' | 'overflow' {
    try {
      const known = this.#entries.get(attributes);
      if (known !== undefined) return known;
      return this.#entries.size < this.#limit - 1 && !isOverflow(attributes) ? 'new' : 'overflow';
    } catch {
      // The set cannot be read any more. Its measurements still count.
      return 'overflow';
    }
  }

  #join(entry: Entry, { startTime, endTime, value }: DataPoint<unknown>): void {
    const isOlder = isBefore(endTime, entry.endTime);
    entry.value = isOlder ? this.#merge(value, entry.value) : this.#merge(entry.value, value);
    if (!isOlder) entry.endTime = endTime;
    if (isBefore(startTime, entry.startTime)) entry.startTime = startTime;
  }
}

function entryOf(point: DataPoint<unknown>, attributes: Attributes): Entry {
  return {
    attributes,
    startTime: point.startTime,
    endTime: point.endTime,
    value: point.value,
  };
}

function pointOf(entry: Entry, endTime = entry.endTime): DataPoint<unknown> {
  return {
    attributes: entry.attributes,
    startTime: entry.startTime,
    endTime,
    value: entry.value,
  };
}

export function isBefore(one: HrTime, other: HrTime): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}
