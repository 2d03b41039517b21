import type { DecodeBudget } from './decode-limits.js';
import { attributesIn } from './json-attributes.js';
import { boolIn, int32In, mapIn, objectIn, stringIn } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import {
  exponentialPointOfJson,
  histogramPointOfJson,
  numberPointOfJson,
  summaryPointOfJson,
} from './json-points.js';
import { NO_DATA } from './metrics.js';
import type { Metric, MetricData } from './model.js';

export function metricOfJson(metric: JsonObject, budget: DecodeBudget): Metric {
  return {
    name: stringIn(metric, 'name'),
    description: stringIn(metric, 'description'),
    unit: stringIn(metric, 'unit'),
    metadata: attributesIn(metric, 'metadata', budget),
    data: dataOfJson(metric, budget),
  };
}

/** The first kind of data that is present. */
function dataOfJson(metric: JsonObject, budget: DecodeBudget): MetricData {
  function points<P>(data: JsonObject, read: (point: JsonObject, budget: DecodeBudget) => P) {
    return mapIn(data, 'dataPoints', (point) => {
      budget.record();
      return read(point, budget);
    });
  }
  return (
    objectIn<MetricData>(metric, 'gauge', (data) => ({
      kind: 'gauge',
      points: points(data, numberPointOfJson),
    })) ??
    objectIn<MetricData>(metric, 'sum', (data) => ({
      kind: 'sum',
      points: points(data, numberPointOfJson),
      temporality: int32In(data, 'aggregationTemporality'),
      monotonic: boolIn(data, 'isMonotonic'),
    })) ??
    objectIn<MetricData>(metric, 'histogram', (data) => ({
      kind: 'histogram',
      points: points(data, histogramPointOfJson),
      temporality: int32In(data, 'aggregationTemporality'),
    })) ??
    objectIn<MetricData>(metric, 'exponentialHistogram', (data) => ({
      kind: 'exponentialHistogram',
      points: points(data, exponentialPointOfJson),
      temporality: int32In(data, 'aggregationTemporality'),
    })) ??
    objectIn<MetricData>(metric, 'summary', (data) => ({
      kind: 'summary',
      points: points(data, summaryPointOfJson),
    })) ??
    NO_DATA
  );
}
