import type { Attributes, HrTime } from '@opentelemetry/api';
import type { DataPoint } from '@opentelemetry/sdk-metrics';
import { AttributeMap } from './attribute-map.js';
import { OVERFLOW, copyOf, isOverflow } from './attribute-set.js';
import type { Merge } from './merging.js';

interface Entry {
  readonly attributes: Attributes;
  startTime: HrTime;
  /** Of the youngest value: collections may end in another order than they began. */
  endTime: HrTime;
  value: unknown;
}

/**
 * The attribute sets of one metric, at most `limit` for ever: the first `limit - 1` that came keep a point of their
 * own, all others are one point with `otel.metric.overflow`. Nothing is lost and nothing counted twice.
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

  /** All sets as they are now; `endTime` is the time of each point, without it that of its youngest value. */
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
      // A set that cannot be read any more: what was measured of it still counts.
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

const entryOf = (point: DataPoint<unknown>, attributes: Attributes): Entry => ({
  attributes,
  startTime: point.startTime,
  endTime: point.endTime,
  value: point.value,
});

const pointOf = (entry: Entry, endTime = entry.endTime): DataPoint<unknown> => ({
  attributes: entry.attributes,
  startTime: entry.startTime,
  endTime,
  value: entry.value,
});

export const isBefore = (one: HrTime, other: HrTime): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
