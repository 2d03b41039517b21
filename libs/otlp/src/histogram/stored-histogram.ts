import type { Attributes, Context, Histogram } from '@opentelemetry/api';
import { copyOf } from '../cardinality/attribute-set.js';
import type { HistogramSet } from './histogram-set.js';
import type { HistogramStorage } from './histogram-storage.js';
import type { HistogramSeries, SeriesHistogram } from './series.js';

/** A histogram whose measurements are kept here, once for each reader, and not in the SDK. */
export class StoredHistogram implements SeriesHistogram {
  readonly #storages: readonly HistogramStorage[];
  readonly #real: Histogram;

  /** `real`: the SDK's instrument, which refuses what no histogram takes. */
  constructor(storages: readonly HistogramStorage[], real: Histogram) {
    this.#storages = storages;
    this.#real = real;
  }

  record(value: number, attributes: Attributes = {}, context?: Context): void {
    if (isRefused(value)) this.#real.record(value, attributes, context);
    else for (const storage of this.#storages) storage.setOf(attributes).record(value);
  }

  series(attributes: Attributes): HistogramSeries {
    return new StoredSeries(this.#storages, this.#real, copyOf(attributes));
  }
}

/** Where a series writes to for one reader, found again after each collection. */
class Place {
  readonly storage: HistogramStorage;
  collections = -1;
  set: HistogramSet | undefined;

  constructor(storage: HistogramStorage) {
    this.storage = storage;
  }
}

class StoredSeries implements HistogramSeries {
  readonly #places: readonly Place[];
  readonly #real: Histogram;
  readonly #attributes: Attributes;

  constructor(storages: readonly HistogramStorage[], real: Histogram, attributes: Attributes) {
    this.#places = storages.map((storage) => new Place(storage));
    this.#real = real;
    this.#attributes = attributes;
  }

  record(value: number, context?: Context): void {
    if (isRefused(value)) {
      this.#real.record(value, this.#attributes, context);
      return;
    }
    for (const place of this.#places) {
      if (place.collections !== place.storage.collections || place.set === undefined) {
        place.set = place.storage.setOf(this.#attributes);
        place.collections = place.storage.collections;
      }
      place.set.record(value);
    }
  }
}

/** The SDK warns of these and keeps nothing of them. */
function isRefused(value: number): boolean {
  return typeof value !== 'number' || value < 0;
}
