// Written by `npm run wire` from tools/wire/messages.ts.

import type { DecodeBudget } from './decode-limits.js';
import { attributesIn } from './json-attributes.js';
import { boolIn, int32In, messageIn, messagesIn, stringIn } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import {
  exponentialHistogramPointOfJson,
  histogramPointOfJson,
  numberPointOfJson,
  summaryPointOfJson,
} from './json-points.js';
import { NO_DATA } from './metrics.js';
import type { Metric, MetricData, MetricDataOf } from './model.js';

export function metricOfJson(object: JsonObject, budget: DecodeBudget): Metric {
  return {
    name: stringIn(object, 'name'),
    description: stringIn(object, 'description'),
    unit: stringIn(object, 'unit'),
    metadata: attributesIn(object, 'metadata', budget),
    data:
      messageIn<MetricData>(object, 'gauge', gaugeOfJson, budget) ??
      messageIn<MetricData>(object, 'sum', sumOfJson, budget) ??
      messageIn<MetricData>(object, 'histogram', histogramOfJson, budget) ??
      messageIn<MetricData>(object, 'exponentialHistogram', exponentialHistogramOfJson, budget) ??
      messageIn<MetricData>(object, 'summary', summaryOfJson, budget) ??
      NO_DATA,
  };
}

function gaugeOfJson(object: JsonObject, budget: DecodeBudget): MetricDataOf<'gauge'> {
  return {
    kind: 'gauge',
    points: messagesIn(object, 'dataPoints', numberPointOfJson, budget),
  };
}

function sumOfJson(object: JsonObject, budget: DecodeBudget): MetricDataOf<'sum'> {
  return {
    kind: 'sum',
    points: messagesIn(object, 'dataPoints', numberPointOfJson, budget),
    temporality: int32In(object, 'aggregationTemporality'),
    monotonic: boolIn(object, 'isMonotonic'),
  };
}

function histogramOfJson(object: JsonObject, budget: DecodeBudget): MetricDataOf<'histogram'> {
  return {
    kind: 'histogram',
    points: messagesIn(object, 'dataPoints', histogramPointOfJson, budget),
    temporality: int32In(object, 'aggregationTemporality'),
  };
}

function exponentialHistogramOfJson(
  object: JsonObject,
  budget: DecodeBudget,
): MetricDataOf<'exponentialHistogram'> {
  return {
    kind: 'exponentialHistogram',
    points: messagesIn(object, 'dataPoints', exponentialHistogramPointOfJson, budget),
    temporality: int32In(object, 'aggregationTemporality'),
  };
}

function summaryOfJson(object: JsonObject, budget: DecodeBudget): MetricDataOf<'summary'> {
  return {
    kind: 'summary',
    points: messagesIn(object, 'dataPoints', summaryPointOfJson, budget),
  };
}
