import type {
  Exemplar,
  ExponentialHistogramPoint,
  HistogramPoint,
  Metric,
  MetricData,
  NumberPoint,
  SummaryPoint,
} from '@nestlens/otlp/wire';
import { weighed, type Admitted, type Gate } from './gate.js';
import { bytesOf } from './meter.js';
import type { Refusal } from './refusal.js';
import { isTime } from './time.js';

export type MetricPoint = MetricData['points'][number];

const POINT_BASE = 200;
const EXEMPLAR_BASE = 240;
/** Bit 0 of a point's flags: the series ended, and there is no value. */
const NO_RECORDED_VALUE = 1;
const MAX_SCALE = 20;

/** Source: opentelemetry-proto `metrics/v1/metrics.proto`. */
export function weighPoint(gate: Gate, metric: Metric, point: MetricPoint): Admitted {
  const { refusals, limits, meter } = gate;
  if (metric.name === '') return refusals.noName;
  if (metric.name.length > limits.maxNameLength) return refusals.nameLength;
  if (!isTime(point.time)) return refusals.time;
  if (point.startTime !== 0n && !isTime(point.startTime)) return refusals.time;
  if (point.startTime > point.time) return refusals.timeOrder;

  // The set is weighed first for its limits, and again by the series that keeps it.
  meter.reset(POINT_BASE);
  meter.attributes(point.attributes);
  const refusal = weighed(gate);
  if (refusal !== undefined) return refusal;
  const { mostAttributes } = meter;
  meter.reset(POINT_BASE);
  meter.mostAttributes = mostAttributes;
  return weighData(gate, metric.data, point) ?? weighed(gate) ?? meter.bytes;
}

/** The bytes of an attribute set that a series keeps. */
export function weighSeries(gate: Gate, metric: Metric, point: MetricPoint): number {
  gate.meter.reset(0);
  gate.meter.attributes(point.attributes);
  gate.meter.text(metric.name);
  gate.meter.text(metric.unit);
  gate.meter.text(metric.description);
  return gate.meter.bytes;
}

function weighData(gate: Gate, data: MetricData, point: MetricPoint): Refusal | undefined {
  switch (data.kind) {
    case 'gauge':
      return weighNumber(gate, point as NumberPoint);
    case 'sum':
      return temporality(gate, data.temporality) ?? weighNumber(gate, point as NumberPoint);
    case 'histogram':
      return temporality(gate, data.temporality) ?? weighHistogram(gate, point as HistogramPoint);
    case 'exponentialHistogram':
      return (
        temporality(gate, data.temporality) ??
        weighExponential(gate, point as ExponentialHistogramPoint)
      );
    case 'summary':
      gate.meter.bytes += (point as SummaryPoint).quantiles.length * 72;
      return undefined;
    default:
      return gate.refusals.value;
  }
}

function temporality({ refusals }: Gate, value: number): Refusal | undefined {
  return value === 1 || value === 2 ? undefined : refusals.temporality;
}

function weighNumber(gate: Gate, point: NumberPoint): Refusal | undefined {
  const { value } = point;
  if (typeof value === 'number' && Number.isNaN(value) && (point.flags & NO_RECORDED_VALUE) === 0) {
    return gate.refusals.value;
  }
  weighExemplars(gate, point.exemplars);
  return undefined;
}

function weighHistogram(gate: Gate, point: HistogramPoint): Refusal | undefined {
  const { bucketCounts, explicitBounds } = point;
  if (bucketCounts.length > 0) {
    if (bucketCounts.length !== explicitBounds.length + 1) return gate.refusals.buckets;
    if (total(bucketCounts) !== point.count) return gate.refusals.buckets;
  }
  for (let i = 1; i < explicitBounds.length; i += 1) {
    if (!(explicitBounds[i]! > explicitBounds[i - 1]!)) return gate.refusals.buckets;
  }
  gate.meter.bytes += 2 * bytesOf.array + explicitBounds.length * bytesOf.slot;
  weighCounts(gate, bucketCounts);
  weighExemplars(gate, point.exemplars);
  return undefined;
}

function weighExponential(gate: Gate, point: ExponentialHistogramPoint): Refusal | undefined {
  const { positive, negative } = point;
  if (point.scale > MAX_SCALE || point.scale < -MAX_SCALE) return gate.refusals.buckets;
  const counted = total(positive.bucketCounts) + total(negative.bucketCounts) + point.zeroCount;
  if (counted !== point.count) return gate.refusals.buckets;
  gate.meter.bytes += 4 * bytesOf.array;
  weighCounts(gate, positive.bucketCounts);
  weighCounts(gate, negative.bucketCounts);
  weighExemplars(gate, point.exemplars);
  return undefined;
}

function total(counts: readonly bigint[]): bigint {
  let sum = 0n;
  for (const count of counts) sum += count;
  return sum;
}

function weighCounts(gate: Gate, counts: readonly bigint[]): void {
  gate.meter.bytes += counts.length * (bytesOf.slot + bytesOf.bigint);
}

function weighExemplars(gate: Gate, exemplars: readonly Exemplar[]): void {
  for (const exemplar of exemplars) {
    gate.meter.bytes += EXEMPLAR_BASE;
    gate.meter.attributes(exemplar.filteredAttributes);
  }
}
