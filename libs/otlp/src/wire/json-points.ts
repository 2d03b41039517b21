import type { DecodeBudget } from './decode-limits.js';
import { NO_BUCKETS } from './exponential-points.js';
import { attributesIn } from './json-attributes.js';
import {
  double,
  doubleIn,
  hexIn,
  int32In,
  int64,
  listIn,
  mapIn,
  objectIn,
  optionalDoubleIn,
  uint32In,
  uint64,
  uint64In,
} from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramPoint,
  HistogramPoint,
  NumberPoint,
  SummaryPoint,
} from './model.js';

export function numberPointOfJson(point: JsonObject, budget: DecodeBudget): NumberPoint {
  return { ...base(point, budget), exemplars: exemplars(point, budget), value: value(point) };
}

export function histogramPointOfJson(point: JsonObject, budget: DecodeBudget): HistogramPoint {
  return {
    ...base(point, budget),
    exemplars: exemplars(point, budget),
    count: uint64In(point, 'count'),
    sum: optionalDoubleIn(point, 'sum'),
    min: optionalDoubleIn(point, 'min'),
    max: optionalDoubleIn(point, 'max'),
    bucketCounts: counts(point, budget),
    explicitBounds: listIn(point, 'explicitBounds').map((bound) => {
      budget.value();
      return double(bound, 'explicitBounds');
    }),
  };
}

export function exponentialPointOfJson(
  point: JsonObject,
  budget: DecodeBudget,
): ExponentialHistogramPoint {
  return {
    ...base(point, budget),
    exemplars: exemplars(point, budget),
    count: uint64In(point, 'count'),
    sum: optionalDoubleIn(point, 'sum'),
    min: optionalDoubleIn(point, 'min'),
    max: optionalDoubleIn(point, 'max'),
    scale: int32In(point, 'scale'),
    zeroCount: uint64In(point, 'zeroCount'),
    zeroThreshold: doubleIn(point, 'zeroThreshold'),
    positive: objectIn(point, 'positive', (side) => buckets(side, budget)) ?? NO_BUCKETS,
    negative: objectIn(point, 'negative', (side) => buckets(side, budget)) ?? NO_BUCKETS,
  };
}

export function summaryPointOfJson(point: JsonObject, budget: DecodeBudget): SummaryPoint {
  return {
    ...base(point, budget),
    count: uint64In(point, 'count'),
    sum: doubleIn(point, 'sum'),
    quantiles: mapIn(point, 'quantileValues', (quantile) => {
      budget.record();
      return { quantile: doubleIn(quantile, 'quantile'), value: doubleIn(quantile, 'value') };
    }),
  };
}

function base(point: JsonObject, budget: DecodeBudget) {
  return {
    attributes: attributesIn(point, 'attributes', budget),
    startTime: uint64In(point, 'startTimeUnixNano'),
    time: uint64In(point, 'timeUnixNano'),
    flags: uint32In(point, 'flags'),
  };
}

function exemplars(point: JsonObject, budget: DecodeBudget): Exemplar[] {
  return mapIn(point, 'exemplars', (exemplar) => {
    budget.record();
    return {
      time: uint64In(exemplar, 'timeUnixNano'),
      value: value(exemplar),
      traceId: hexIn(exemplar, 'traceId'),
      spanId: hexIn(exemplar, 'spanId'),
      filteredAttributes: attributesIn(exemplar, 'filteredAttributes', budget),
    };
  });
}

function value(point: JsonObject): number | bigint {
  const integer = point['asInt'];
  if (integer !== undefined && integer !== null) return int64(integer, 'asInt');
  return doubleIn(point, 'asDouble');
}

function counts(holder: JsonObject, budget: DecodeBudget): bigint[] {
  return listIn(holder, 'bucketCounts').map((count) => {
    budget.value();
    return uint64(count, 'bucketCounts');
  });
}

function buckets(side: JsonObject, budget: DecodeBudget): ExponentialBuckets {
  return { offset: int32In(side, 'offset'), bucketCounts: counts(side, budget) };
}
