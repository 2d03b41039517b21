import type { ExponentialHistogram, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import { mergeExponential } from './exponential.js';
import { largest, smallest, total } from './extent.js';

/** DataPointType of the SDK, whose values are not imported. */
const HISTOGRAM = 0;
const EXPONENTIAL_HISTOGRAM = 1;
const GAUGE = 2;

/** Merges two values of one set. Changes neither: both may have been handed out already. */
export type Merge = (before: unknown, later: unknown) => unknown;

/** `maxSize` is the maximum of buckets of an exponential histogram, for each sign. */
export function mergeOf({ dataPointType }: MetricData, maxSize: number): Merge {
  switch (dataPointType as number) {
    case HISTOGRAM:
      return (before, later) => mergeHistograms(before as Histogram, later as Histogram);
    case EXPONENTIAL_HISTOGRAM:
      return (before, later) =>
        mergeExponential(before as ExponentialHistogram, later as ExponentialHistogram, maxSize);
    case GAUGE:
      return (_before, later) => later;
    default:
      return (before, later) => add(before as number, later as number);
  }
}

/** A sum that is NaN stays NaN, so a value that would make it NaN is left out. */
function add(before: number, later: number): number {
  const sum = before + later;
  return Number.isNaN(sum) ? before : sum;
}

function mergeHistograms(before: Histogram, later: Histogram): Histogram {
  return {
    buckets: {
      boundaries: before.buckets.boundaries,
      counts: before.buckets.counts.map((count, index) => count + later.buckets.counts[index]!),
    },
    count: before.count + later.count,
    sum: total(before.sum, later.sum),
    min: smallest(before.min, later.min),
    max: largest(before.max, later.max),
  };
}
