import type { ExponentialBuckets, Exemplar } from '@nestlens/otlp/wire';
import type { MetricPoint } from '../admission/metric-point.js';
import { jsonAttributes, jsonNumber, type Json } from './json.js';

/** A point as JSON; its attributes are those of its series. Counts beyond 2^53 are strings. */
export function pointDetail(point: MetricPoint): Json {
  const json: { [key: string]: Json } = {
    startTime: point.startTime.toString(),
    time: point.time.toString(),
  };
  if (point.flags !== 0) json['flags'] = point.flags;
  if ('value' in point) json['value'] = count(point.value);
  if ('count' in point) {
    json['count'] = count(point.count);
    json['sum'] = optional(point.sum);
  }
  if ('min' in point) {
    json['min'] = optional(point.min);
    json['max'] = optional(point.max);
  }
  if ('explicitBounds' in point) {
    json['explicitBounds'] = point.explicitBounds.map(jsonNumber);
    json['bucketCounts'] = point.bucketCounts.map(count);
  }
  if ('scale' in point) {
    json['scale'] = point.scale;
    json['zeroCount'] = count(point.zeroCount);
    json['zeroThreshold'] = jsonNumber(point.zeroThreshold);
    json['positive'] = buckets(point.positive);
    json['negative'] = buckets(point.negative);
  }
  if ('quantiles' in point) {
    json['quantiles'] = point.quantiles.map(({ quantile, value }) => ({
      quantile: jsonNumber(quantile),
      value: jsonNumber(value),
    }));
  }
  if ('exemplars' in point && point.exemplars.length > 0) {
    json['exemplars'] = point.exemplars.map(exemplar);
  }
  return json;
}

function buckets({ offset, bucketCounts }: ExponentialBuckets): Json {
  return { offset, bucketCounts: bucketCounts.map(count) };
}

function exemplar({ time, value, traceId, spanId, filteredAttributes }: Exemplar): Json {
  return {
    time: time.toString(),
    value: count(value),
    traceId,
    spanId,
    attributes: jsonAttributes(filteredAttributes),
  };
}

function optional(value: number | undefined): Json {
  return value === undefined ? null : jsonNumber(value);
}

function count(value: number | bigint): number | string {
  if (typeof value === 'number') return jsonNumber(value);
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
    ? Number(value)
    : value.toString();
}
