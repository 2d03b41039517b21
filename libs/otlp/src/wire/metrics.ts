// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import { readExponentialHistogramPoint } from './exponential-points.js';
import type {
  ExponentialHistogramPoint,
  HistogramPoint,
  Metric,
  MetricData,
  MetricDataOf,
  NumberPoint,
  SummaryPoint,
} from './model.js';
import { readHistogramPoint, readNumberPoint, readSummaryPoint } from './points.js';
import type { ProtobufReader } from './protobuf-reader.js';

const NONE: readonly never[] = Object.freeze([]);
export const NO_DATA: MetricData = Object.freeze({
  kind: 'none',
  points: Object.freeze([]),
});

/** metrics.proto Metric. */
export function readMetric(reader: ProtobufReader): Metric {
  const outer = reader.open();
  let name = '';
  let description = '';
  let unit = '';
  let metadata: OpenAttributes | undefined;
  let data = NO_DATA;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        name = reader.string();
        break;
      case 2:
        description = reader.string();
        break;
      case 3:
        unit = reader.string();
        break;
      case 5:
        data = readGauge(reader);
        break;
      case 7:
        data = readSum(reader);
        break;
      case 9:
        data = readHistogram(reader);
        break;
      case 10:
        data = readExponentialHistogram(reader);
        break;
      case 11:
        data = readSummary(reader);
        break;
      case 12:
        metadata = readAttribute(reader, metadata);
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    name,
    description,
    unit,
    metadata: metadata ?? NO_ATTRIBUTES,
    data,
  };
}

/** metrics.proto Gauge. */
function readGauge(reader: ProtobufReader): MetricDataOf<'gauge'> {
  const outer = reader.open();
  let points: NumberPoint[] | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.budget.record();
        (points ??= []).push(readNumberPoint(reader));
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    kind: 'gauge',
    points: points ?? NONE,
  };
}

/** metrics.proto Sum. */
function readSum(reader: ProtobufReader): MetricDataOf<'sum'> {
  const outer = reader.open();
  let points: NumberPoint[] | undefined;
  let temporality = 0;
  let monotonic = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.budget.record();
        (points ??= []).push(readNumberPoint(reader));
        break;
      case 2:
        temporality = reader.int32();
        break;
      case 3:
        monotonic = reader.bool();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    kind: 'sum',
    points: points ?? NONE,
    temporality,
    monotonic,
  };
}

/** metrics.proto Histogram. */
function readHistogram(reader: ProtobufReader): MetricDataOf<'histogram'> {
  const outer = reader.open();
  let points: HistogramPoint[] | undefined;
  let temporality = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.budget.record();
        (points ??= []).push(readHistogramPoint(reader));
        break;
      case 2:
        temporality = reader.int32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    kind: 'histogram',
    points: points ?? NONE,
    temporality,
  };
}

/** metrics.proto ExponentialHistogram. */
function readExponentialHistogram(reader: ProtobufReader): MetricDataOf<'exponentialHistogram'> {
  const outer = reader.open();
  let points: ExponentialHistogramPoint[] | undefined;
  let temporality = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.budget.record();
        (points ??= []).push(readExponentialHistogramPoint(reader));
        break;
      case 2:
        temporality = reader.int32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    kind: 'exponentialHistogram',
    points: points ?? NONE,
    temporality,
  };
}

/** metrics.proto Summary. */
function readSummary(reader: ProtobufReader): MetricDataOf<'summary'> {
  const outer = reader.open();
  let points: SummaryPoint[] | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.budget.record();
        (points ??= []).push(readSummaryPoint(reader));
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    kind: 'summary',
    points: points ?? NONE,
  };
}
