import type {
  AggregationTemporality,
  InstrumentType,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { MetricEncoder } from '../encode/metric-encoder.js';
import type { SignalLifecycle } from './processors.js';

/** Source: metrics/sdk_exporters/otlp.md, `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. */
export type Temporality = 'cumulative' | 'delta' | 'lowmemory';

interface MetricExporterOptions {
  readonly encoder: MetricEncoder;
  readonly temporality: Temporality;
  /** Takes a request's bytes; they may not be written to later. */
  readonly offer: (bytes: Uint8Array, points: number) => void;
  readonly onCreated: (points: number) => void;
  readonly onDrop: (reason: 'encode_failed' | 'already_shutdown', points: number) => void;
}

/** ExportResultCode of core. */
const SUCCESS = 0;
const FAILED = 1;
/** AggregationTemporality of the SDK. */
const DELTA: AggregationTemporality = 0;
const CUMULATIVE: AggregationTemporality = 1;
const DELTA_OF: Readonly<Record<Temporality, ReadonlySet<string>>> = {
  cumulative: new Set(),
  delta: new Set(['COUNTER', 'HISTOGRAM', 'OBSERVABLE_COUNTER']),
  lowmemory: new Set(['COUNTER', 'HISTOGRAM']),
};

/** One part of a collection; a request holds one. */
const PART_BYTES = 512 * 1024;

/**
 * Encodes a collection at once and hands it to the pipeline, which answers for it from then on: an export is over
 * before it is sent, so that an outage does not hold up the next collection.
 */
export function createMetricExporter(
  options: MetricExporterOptions,
  lifecycle: SignalLifecycle,
): PushMetricExporter {
  let closed = false;
  return {
    export(metrics, done) {
      const points = pointsIn(metrics);
      options.onCreated(points);
      if (closed) options.onDrop('already_shutdown', points);
      else encode(metrics, options);
      done({ code: closed ? FAILED : SUCCESS });
    },
    forceFlush: () => lifecycle.flush(),
    shutdown() {
      closed = true;
      return lifecycle.shutdown();
    },
    selectAggregationTemporality: (type: InstrumentType) =>
      DELTA_OF[options.temporality].has(type) ? DELTA : CUMULATIVE,
  };
}

function pointsIn({ scopeMetrics }: ResourceMetrics): number {
  let points = 0;
  for (const { metrics } of scopeMetrics) {
    for (const { dataPoints } of metrics) points += dataPoints.length;
  }
  return points;
}

function encode({ resource, scopeMetrics }: ResourceMetrics, options: MetricExporterOptions): void {
  const { encoder } = options;
  const target = Buffer.allocUnsafe(PART_BYTES);
  let points = 0;

  function endPart(): void {
    const end = encoder.close();
    if (points > 0) options.offer(target.subarray(0, end), points);
    points = 0;
    encoder.open(target, 0);
  }

  encoder.open(target, 0);
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      const count = metric.dataPoints.length;
      for (let next = 0; next < count;) {
        const from = next;
        const wasEmpty = points === 0;
        next = encoder.append(resource, scope, metric, from);
        const { dropped } = encoder;
        if (dropped > 0) options.onDrop('encode_failed', dropped);
        points += next - from - dropped;
        if (next >= count) break;
        if (next === from && wasEmpty) {
          // Not even alone: never so for what the encoder's own limits let through.
          options.onDrop('encode_failed', count - next);
          break;
        }
        endPart();
      }
    }
  }
  endPart();
}
