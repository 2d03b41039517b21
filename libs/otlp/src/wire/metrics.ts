import { readAttribute, NO_ATTRIBUTES } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import { readExponentialHistogramPoint } from './exponential-points.js';
import type { Metric, MetricData } from './model.js';
import { readHistogramPoint, readNumberPoint, readSummaryPoint } from './points.js';
import type { ProtobufReader } from './protobuf-reader.js';

export const NO_DATA: MetricData = Object.freeze({ kind: 'none', points: Object.freeze([]) });

/** metrics.proto Metric. If there are two kinds of data, the last one stays. */
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
        data = { kind: 'gauge', points: readData(reader, readNumberPoint).points };
        break;
      case 7:
        data = { kind: 'sum', ...readData(reader, readNumberPoint) };
        break;
      case 9:
        data = histogram('histogram', readData(reader, readHistogramPoint));
        break;
      case 10:
        data = histogram('exponentialHistogram', readData(reader, readExponentialHistogramPoint));
        break;
      case 11:
        data = { kind: 'summary', points: readData(reader, readSummaryPoint).points };
        break;
      case 12:
        metadata = readAttribute(reader, metadata);
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return { name, description, unit, metadata: metadata ?? NO_ATTRIBUTES, data };
}

interface Data<P> {
  readonly points: readonly P[];
  readonly temporality: number;
  readonly monotonic: boolean;
}

function histogram<K extends 'histogram' | 'exponentialHistogram', P>(kind: K, data: Data<P>) {
  return { kind, points: data.points, temporality: data.temporality };
}

/** Gauge, Sum, Histogram, ExponentialHistogram and Summary: points 1, temporality 2, is_monotonic 3. */
function readData<P>(reader: ProtobufReader, readPoint: (reader: ProtobufReader) => P): Data<P> {
  const outer = reader.open();
  const points: P[] = [];
  let temporality = 0;
  let monotonic = false;
  while (reader.next()) {
    if (reader.field === 1) {
      reader.budget.record();
      points.push(readPoint(reader));
    } else if (reader.field === 2) temporality = reader.int32();
    else if (reader.field === 3) monotonic = reader.bool();
    else reader.skip();
  }
  reader.close(outer);
  return { points, temporality, monotonic };
}
