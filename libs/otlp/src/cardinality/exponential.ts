import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';
import { largest, smallest, total } from './extent.js';

type Buckets = ExponentialHistogram['positive'];

const NONE: Buckets = Object.freeze({ offset: 0, bucketCounts: [] });

/**
 * Merges both histograms at the finest scale at which each sign fits in `maxSize` buckets. A sign without buckets has
 * no range, so it does not lower the scale.
 */
export function mergeExponential(
  one: ExponentialHistogram,
  other: ExponentialHistogram,
  maxSize: number,
): ExponentialHistogram {
  const finest = Math.min(scaleOf(one), scaleOf(other));
  const scale = Number.isFinite(finest)
    ? finest -
      Math.max(
        coarser(spanOf([one.positive, one.scale], [other.positive, other.scale], finest), maxSize),
        coarser(spanOf([one.negative, one.scale], [other.negative, other.scale], finest), maxSize),
      )
    : 0;
  return {
    count: one.count + other.count,
    zeroCount: one.zeroCount + other.zeroCount,
    sum: total(one.sum, other.sum),
    min: smallest(one.min, other.min),
    max: largest(one.max, other.max),
    scale,
    positive: together([one.positive, one.scale], [other.positive, other.scale], scale),
    negative: together([one.negative, one.scale], [other.negative, other.scale], scale),
  };
}

type Scaled = readonly [buckets: Buckets, scale: number];
type Span = readonly [low: number, high: number];

function scaleOf({ positive, negative, scale }: ExponentialHistogram): number {
  return positive.bucketCounts.length + negative.bucketCounts.length > 0 ? scale : Infinity;
}

/** First and last index of both histograms at `scale`. */
function spanOf(one: Scaled, other: Scaled, scale: number): Span {
  let low = Infinity;
  let high = -Infinity;
  for (const [{ offset, bucketCounts }, own] of [one, other]) {
    if (bucketCounts.length === 0) continue;
    low = Math.min(low, offset >> (own - scale));
    high = Math.max(high, (offset + bucketCounts.length - 1) >> (own - scale));
  }
  return [low, high];
}

/** By how much the scale must be lowered for the range to have at most `maxSize` indices. */
function coarser([low, high]: Span, maxSize: number): number {
  let change = 0;
  while ((high >> change) - (low >> change) >= maxSize) change++;
  return change;
}

function together(one: Scaled, other: Scaled, scale: number): Buckets {
  const [low, high] = spanOf(one, other, scale);
  if (high < low) return NONE;
  const bucketCounts = Array.from({ length: high - low + 1 }, () => 0);
  for (const [{ offset, bucketCounts: counts }, own] of [one, other]) {
    for (let index = 0; index < counts.length; index++) {
      bucketCounts[((offset + index) >> (own - scale)) - low]! += counts[index]!;
    }
  }
  return { offset: low, bucketCounts };
}
