import type { DataPoint, ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';
import type { AttributeWriter } from './attributes.js';
import type { Cursor } from './cursor.js';
import { writeTime } from './hr-time.js';

/** Times, count, sum, minimum, maximum, scale and threshold with their tags. */
const FIXED = 96;
const NO_LIMIT = 0x7fff_ffff;

/**
 * Writes the fields of data points; the caller writes their tag and length. Returns whether the point is whole: a
 * point without one of its attributes would be another point. The SDK's points have no exemplars.
 * Source: opentelemetry-proto metrics.proto.
 */
export class DataPointWriter {
  readonly #cursor: Cursor;
  readonly #attributes: AttributeWriter;
  readonly #width: number;

  constructor(cursor: Cursor, attributes: AttributeWriter, width: number) {
    this.#cursor = cursor;
    this.#attributes = attributes;
    this.#width = width;
  }

  /** NumberDataPoint. `isInt` is the value type that the instrument was declared with. */
  number(point: DataPoint<number>, isInt: boolean): boolean {
    const cursor = this.#cursor;
    if (!cursor.fits(FIXED)) return true;
    this.#times(point);
    if (isInt) {
      cursor.byte(0x31);
      cursor.fixed64(point.value);
    } else {
      cursor.byte(0x21);
      cursor.double(point.value);
    }
    return this.#attributes.write(0x3a, point.attributes, NO_LIMIT) === 0;
  }

  /** HistogramDataPoint. */
  histogram(point: DataPoint<Histogram>): boolean {
    const cursor = this.#cursor;
    const { count, sum, min, max, buckets } = point.value;
    const { counts, boundaries } = buckets;
    if (!cursor.fits(FIXED + (counts.length + boundaries.length) * 8)) return true;
    this.#times(point);
    cursor.byte(0x21);
    cursor.fixed64(count);
    this.#double(0x29, sum);
    this.#double(0x59, min);
    this.#double(0x61, max);
    if (counts.length > 0) {
      cursor.byte(0x32);
      cursor.uint32(counts.length * 8);
      for (let index = 0; index < counts.length; index++) cursor.fixed64(counts[index]!);
    }
    if (boundaries.length > 0) {
      cursor.byte(0x3a);
      cursor.uint32(boundaries.length * 8);
      for (let index = 0; index < boundaries.length; index++) cursor.double(boundaries[index]!);
    }
    return this.#attributes.write(0x4a, point.attributes, NO_LIMIT) === 0;
  }

  /** ExponentialHistogramDataPoint. */
  exponential(point: DataPoint<ExponentialHistogram>): boolean {
    const cursor = this.#cursor;
    const { count, sum, min, max, scale, zeroCount, positive, negative } = point.value;
    if (!cursor.fits(FIXED)) return true;
    this.#times(point);
    cursor.byte(0x21);
    cursor.fixed64(count);
    this.#double(0x29, sum);
    this.#double(0x61, min);
    this.#double(0x69, max);
    cursor.byte(0x30);
    cursor.sint32(scale);
    cursor.byte(0x39);
    cursor.fixed64(zeroCount);
    this.#buckets(0x42, positive);
    this.#buckets(0x4a, negative);
    return this.#attributes.write(0x0a, point.attributes, NO_LIMIT) === 0;
  }

  #times(point: DataPoint<unknown>): void {
    const cursor = this.#cursor;
    cursor.byte(0x11);
    writeTime(cursor, point.startTime);
    cursor.byte(0x19);
    writeTime(cursor, point.endTime);
  }

  #double(tag: number, value: number | undefined): void {
    if (value === undefined) return;
    this.#cursor.byte(tag);
    this.#cursor.double(value);
  }

  #buckets(tag: number, side: ExponentialHistogram['positive']): void {
    const cursor = this.#cursor;
    const counts = side.bucketCounts;
    if (!cursor.fits(counts.length * 10 + 24)) return;
    cursor.byte(tag);
    const start = cursor.reserve(this.#width);
    cursor.byte(0x08);
    cursor.sint32(side.offset);
    if (counts.length > 0) {
      cursor.byte(0x12);
      const packed = cursor.reserve(this.#width);
      for (let index = 0; index < counts.length; index++) cursor.int64(counts[index]!);
      cursor.fill(packed, this.#width);
    }
    cursor.fill(start, this.#width);
  }
}
