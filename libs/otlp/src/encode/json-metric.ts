import type {
  ExponentialBuckets,
  ExponentialHistogramPoint,
  HistogramPoint,
  Metric,
  NumberPoint,
} from '../wire/model.js';
import { attributesJson, count, doubleJson, text } from './json-value.js';

/**
 * `nextIsInteger` tells whether the next number point is an integer, in order. Our points have no exemplars, and we
 * send no summaries.
 */
export function metricJson(metric: Metric, nextIsInteger: () => boolean): unknown {
  return {
    name: metric.name,
    ...text('description', metric.description),
    ...text('unit', metric.unit),
    ...dataJson(metric.data, nextIsInteger),
  };
}

function dataJson(data: Metric['data'], nextIsInteger: () => boolean): object {
  switch (data.kind) {
    case 'gauge':
      return {
        gauge: { dataPoints: data.points.map((point) => numberJson(point, nextIsInteger())) },
      };
    case 'sum':
      return {
        sum: {
          dataPoints: data.points.map((point) => numberJson(point, nextIsInteger())),
          aggregationTemporality: data.temporality,
          ...(data.monotonic ? { isMonotonic: true } : undefined),
        },
      };
    case 'histogram':
      return {
        histogram: {
          dataPoints: data.points.map((point) => histogramJson(point)),
          aggregationTemporality: data.temporality,
        },
      };
    case 'exponentialHistogram':
      return {
        exponentialHistogram: {
          dataPoints: data.points.map((point) => exponentialJson(point)),
          aggregationTemporality: data.temporality,
        },
      };
    default:
      return {};
  }
}

function numberJson(point: NumberPoint, isInteger: boolean): unknown {
  const { value } = point;
  return {
    ...base(point),
    ...(isInteger ? { asInt: String(value) } : { asDouble: doubleJson(Number(value)) }),
  };
}

function histogramJson(point: HistogramPoint): unknown {
  return {
    ...base(point),
    ...aggregate(point),
    bucketCounts: point.bucketCounts.map(String),
    explicitBounds: point.explicitBounds.map(doubleJson),
  };
}

function exponentialJson(point: ExponentialHistogramPoint): unknown {
  return {
    ...base(point),
    ...aggregate(point),
    scale: point.scale,
    zeroCount: String(point.zeroCount),
    positive: bucketsJson(point.positive),
    negative: bucketsJson(point.negative),
  };
}

function bucketsJson(side: ExponentialBuckets): unknown {
  return { ...count('offset', side.offset), bucketCounts: side.bucketCounts.map(String) };
}

function base(point: NumberPoint | HistogramPoint | ExponentialHistogramPoint): object {
  return {
    attributes: attributesJson(point.attributes),
    startTimeUnixNano: String(point.startTime),
    timeUnixNano: String(point.time),
  };
}

function aggregate(point: HistogramPoint | ExponentialHistogramPoint): object {
  return {
    count: String(point.count),
    ...optional('sum', point.sum),
    ...optional('min', point.min),
    ...optional('max', point.max),
  };
}

function optional(key: string, value: number | undefined): object | undefined {
  return value === undefined ? undefined : { [key]: doubleJson(value) };
}
