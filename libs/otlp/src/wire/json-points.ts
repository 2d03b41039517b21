// Written by `npm run wire` from tools/wire/messages.ts.

import type { DecodeBudget } from './decode-limits.js';
import { NO_BUCKETS } from './exponential-points.js';
import { attributesIn } from './json-attributes.js';
import {
  doubleIn,
  doublesIn,
  hexIn,
  int32In,
  messageIn,
  messagesIn,
  numberIn,
  optionalDoubleIn,
  uint32In,
  uint64In,
  uint64sIn,
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

export function numberPointOfJson(object: JsonObject, budget: DecodeBudget): NumberPoint {
  return {
    attributes: attributesIn(object, 'attributes', budget),
    startTime: uint64In(object, 'startTimeUnixNano'),
    time: uint64In(object, 'timeUnixNano'),
    flags: uint32In(object, 'flags'),
    exemplars: messagesIn(object, 'exemplars', exemplarOfJson, budget),
    value: numberIn(object),
  };
}

export function histogramPointOfJson(object: JsonObject, budget: DecodeBudget): HistogramPoint {
  return {
    attributes: attributesIn(object, 'attributes', budget),
    startTime: uint64In(object, 'startTimeUnixNano'),
    time: uint64In(object, 'timeUnixNano'),
    flags: uint32In(object, 'flags'),
    exemplars: messagesIn(object, 'exemplars', exemplarOfJson, budget),
    count: uint64In(object, 'count'),
    sum: optionalDoubleIn(object, 'sum'),
    min: optionalDoubleIn(object, 'min'),
    max: optionalDoubleIn(object, 'max'),
    bucketCounts: uint64sIn(object, 'bucketCounts', budget),
    explicitBounds: doublesIn(object, 'explicitBounds', budget),
  };
}

export function summaryPointOfJson(object: JsonObject, budget: DecodeBudget): SummaryPoint {
  return {
    attributes: attributesIn(object, 'attributes', budget),
    startTime: uint64In(object, 'startTimeUnixNano'),
    time: uint64In(object, 'timeUnixNano'),
    flags: uint32In(object, 'flags'),
    count: uint64In(object, 'count'),
    sum: doubleIn(object, 'sum'),
    quantiles: messagesIn(object, 'quantileValues', quantileOfJson, budget),
  };
}

function quantileOfJson(object: JsonObject): SummaryPoint['quantiles'][number] {
  return {
    quantile: doubleIn(object, 'quantile'),
    value: doubleIn(object, 'value'),
  };
}

function exemplarOfJson(object: JsonObject, budget: DecodeBudget): Exemplar {
  return {
    time: uint64In(object, 'timeUnixNano'),
    value: numberIn(object),
    traceId: hexIn(object, 'traceId'),
    spanId: hexIn(object, 'spanId'),
    filteredAttributes: attributesIn(object, 'filteredAttributes', budget),
  };
}

export function exponentialHistogramPointOfJson(
  object: JsonObject,
  budget: DecodeBudget,
): ExponentialHistogramPoint {
  return {
    attributes: attributesIn(object, 'attributes', budget),
    startTime: uint64In(object, 'startTimeUnixNano'),
    time: uint64In(object, 'timeUnixNano'),
    flags: uint32In(object, 'flags'),
    exemplars: messagesIn(object, 'exemplars', exemplarOfJson, budget),
    count: uint64In(object, 'count'),
    sum: optionalDoubleIn(object, 'sum'),
    min: optionalDoubleIn(object, 'min'),
    max: optionalDoubleIn(object, 'max'),
    scale: int32In(object, 'scale'),
    zeroCount: uint64In(object, 'zeroCount'),
    zeroThreshold: doubleIn(object, 'zeroThreshold'),
    positive: messageIn(object, 'positive', bucketsOfJson, budget) ?? NO_BUCKETS,
    negative: messageIn(object, 'negative', bucketsOfJson, budget) ?? NO_BUCKETS,
  };
}

function bucketsOfJson(object: JsonObject, budget: DecodeBudget): ExponentialBuckets {
  return {
    offset: int32In(object, 'offset'),
    bucketCounts: uint64sIn(object, 'bucketCounts', budget),
  };
}
