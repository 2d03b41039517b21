import type { Attributes, HrTime } from '@opentelemetry/api';
import type {
  AggregationTemporality,
  DataPoint,
  Histogram,
  IMetricReader,
  InstrumentType,
} from '@opentelemetry/sdk-metrics';
import { OVERFLOW, copyOf } from '../cardinality/attribute-set.js';
import { hrTimeOf } from '../cardinality/collection-time.js';
import { CUMULATIVE } from '../cardinality/metric-streams.js';
import { HistogramSet } from './histogram-set.js';
import { HistogramSets } from './histogram-sets.js';

/** InstrumentType of the SDK, whose values are not imported. */
export const HISTOGRAM = 'HISTOGRAM' as InstrumentType;
/** The SDK's own limit, for readers without one. */
const DEFAULT_LIMIT = 2000;

/** The points of one collection. */
interface Collected {
  readonly aggregationTemporality: AggregationTemporality;
  readonly dataPoints: DataPoint<Histogram>[];
}

/** The measurements of one histogram for one reader, collected and limited as the SDK does it. */
export class HistogramStorage {
  readonly #boundaries: readonly number[];
  readonly #reader: IMetricReader;
  readonly #limit: number;
  #sets = new HistogramSets();
  /** The sets of the last collection. */
  #reported: HistogramSets | undefined;
  #reportedAt: HrTime = [0, 0];
  #temporality: AggregationTemporality | undefined;
  /** Grows with each collection: sets that were found before it are not written to any more. */
  collections = 0;

  constructor(boundaries: readonly number[], reader: IMetricReader) {
    this.#boundaries = boundaries;
    this.#reader = reader;
    this.#limit = (reader.selectCardinalityLimit?.(HISTOGRAM) ?? DEFAULT_LIMIT) - 1;
  }

  /** The set to write to until the next collection. May throw the error of reading `attributes`. */
  setOf(attributes: Attributes): HistogramSet {
    const known = this.#sets.get(attributes);
    if (known !== undefined) return known;
    if (this.#sets.size < this.#limit) return this.#add(copyOf(attributes));
    return this.#sets.get(OVERFLOW) ?? this.#add(OVERFLOW);
  }

  #add(attributes: Attributes): HistogramSet {
    return this.#sets.add(new HistogramSet(attributes, hrTimeOf(Date.now()), this.#boundaries));
  }

  /** `undefined` where there is nothing to report. */
  collect(time: HrTime): Collected | undefined {
    this.#temporality ??= this.#reader.selectAggregationTemporality(HISTOGRAM);
    const sets = this.#sets;
    this.#sets = new HistogramSets();
    this.collections += 1;
    let result = sets;
    if (this.#temporality === CUMULATIVE) {
      result = this.#reported ?? sets;
      if (result !== sets) result.join(sets);
    } else {
      // A set that was reported before goes on where its last report ended.
      for (const { attributes } of this.#reported?.all() ?? []) {
        const again = sets.get(attributes);
        if (again !== undefined) again.startTime = this.#reportedAt;
      }
    }
    this.#reported = result;
    this.#reportedAt = time;
    const points = result.all().map((set) => set.point(time));
    return points.length === 0
      ? undefined
      : { aggregationTemporality: this.#temporality, dataPoints: points };
  }
}
