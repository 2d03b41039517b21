import type {
  DataPoint,
  ExponentialHistogram,
  Histogram,
  MetricData,
} from '@opentelemetry/sdk-metrics';
import { OUTER_WIDTH } from './cursor.js';
import type { Cursor } from './cursor.js';
import type { DataPointWriter } from './data-point.js';

/** DataPointType of the SDK, whose values are not imported. */
const HISTOGRAM = 0;
const EXPONENTIAL_HISTOGRAM = 1;
const GAUGE = 2;
const SUM = 3;
/** ValueType.INT of the API. */
const INT = 0;
/** The SDK's AggregationTemporality is one less than OTLP's. */
const TEMPORALITY = 1;

const ITEM_TAG = 0x12;
const POINT_TAG = 0x0a;
const TEXT = 4096;
/** Temporality and monotonicity, written before the points. */
const FIXED = 8;

/** Writes a Metric message around some of its points. Source: opentelemetry-proto metrics.proto. */
export class MetricWriter {
  readonly #cursor: Cursor;
  readonly #points: DataPointWriter;
  readonly #itemBytes: number;
  /** Points that were left out since the last {@link write} began. */
  dropped = 0;

  constructor(cursor: Cursor, points: DataPointWriter, itemBytes: number) {
    this.#cursor = cursor;
    this.#points = points;
    this.#itemBytes = itemBytes;
  }

  /**
   * Writes the metric with its points from `from` on, as many as fit. Returns the index of the first point that did
   * not fit. The cursor is full afterwards only if not even the frame fitted.
   */
  write(metric: MetricData, from: number): number {
    const cursor = this.#cursor;
    this.dropped = 0;
    if (!cursor.fits(1)) return from;
    cursor.byte(ITEM_TAG);
    const start = cursor.reserve(OUTER_WIDTH);
    this.#descriptor(metric);
    if (!cursor.fits(1)) return from;
    cursor.byte(tagOf(metric));
    const data = cursor.reserve(OUTER_WIDTH);
    this.#kind(metric);
    if (cursor.full) return from;
    const next = this.#each(metric, from);
    cursor.fill(data, OUTER_WIDTH);
    cursor.fill(start, OUTER_WIDTH);
    return next;
  }

  #descriptor(metric: MetricData): void {
    const { name, description, unit } = metric.descriptor;
    this.#cursor.text(0x0a, name, TEXT);
    if (description) this.#cursor.text(0x12, description, TEXT);
    if (unit) this.#cursor.text(0x1a, unit, TEXT);
  }

  #kind(metric: MetricData): void {
    const cursor = this.#cursor;
    const type: number = metric.dataPointType;
    if (type === GAUGE || !cursor.fits(FIXED)) return;
    cursor.byte(0x10);
    cursor.uint32(metric.aggregationTemporality + TEMPORALITY);
    if (type !== SUM || !(metric as { readonly isMonotonic?: boolean }).isMonotonic) return;
    cursor.byte(0x18);
    cursor.byte(1);
  }

  #each(metric: MetricData, from: number): number {
    const cursor = this.#cursor;
    const count = metric.dataPoints.length;
    for (let index = from; index < count; index++) {
      const before = cursor.at;
      const room = cursor.end;
      if (!this.#point(metric, index)) {
        cursor.at = before;
        cursor.end = room;
        this.dropped++;
      } else if (cursor.full) {
        cursor.at = before;
        cursor.end = room;
        return index;
      }
    }
    return count;
  }

  /** Returns false for a point that is left out: reading it throws, or it is past the budget of an item. */
  #point(metric: MetricData, index: number): boolean {
    const cursor = this.#cursor;
    if (!cursor.fits(1)) return true;
    const before = cursor.at;
    cursor.soft = before + this.#itemBytes;
    cursor.byte(POINT_TAG);
    const start = cursor.reserve(OUTER_WIDTH);
    try {
      const whole = this.#fields(metric, metric.dataPoints[index]!);
      cursor.fill(start, OUTER_WIDTH);
      return cursor.full || (whole && cursor.at <= cursor.soft);
    } catch {
      return false;
    }
  }

  #fields(metric: MetricData, point: DataPoint<unknown>): boolean {
    const type: number = metric.dataPointType;
    switch (type) {
      case HISTOGRAM:
        return this.#points.histogram(point as DataPoint<Histogram>);
      case EXPONENTIAL_HISTOGRAM:
        return this.#points.exponential(point as DataPoint<ExponentialHistogram>);
      default:
        return this.#points.number(
          point as DataPoint<number>,
          (metric.descriptor.valueType as number) === INT,
        );
    }
  }
}

/** Field of the data: gauge 5, sum 7, histogram 9, exponential histogram 10. */
function tagOf(metric: MetricData): number {
  switch (metric.dataPointType as number) {
    case HISTOGRAM:
      return 0x4a;
    case EXPONENTIAL_HISTOGRAM:
      return 0x52;
    case SUM:
      return 0x3a;
    default:
      return 0x2a;
  }
}
