import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Signal } from '../wire/model.js';
import { createLogRecordEncoder, createSpanEncoder } from './item-encoder.js';
import type { ItemEncoder } from './item-encoder.js';
import type { EncodeLimits } from './limits.js';
import { createMetricEncoder } from './metric-encoder.js';

/** What the SDK hands to an exporter of each signal. */
export interface SignalItems {
  readonly traces: readonly ReadableSpan[];
  readonly logs: readonly ReadableLogRecord[];
  readonly metrics: ResourceMetrics;
}

/** An export request, and what did not get into it. */
export interface EncodedRequest {
  readonly bytes: Uint8Array;
  /** Spans, log records or data points that were dropped. */
  readonly dropped: number;
}

/** Large enough for a batch of the SDK most times. */
const CHUNK = 524_288;

/**
 * One export request in protobuf of all items, in memory of its own. For batches that come ready: the way of a metric
 * reader, of tests, of the end of a process.
 */
export function encodeRequest<S extends Signal>(
  signal: S,
  items: SignalItems[S],
  limits?: Partial<EncodeLimits>,
): EncodedRequest {
  if (signal === 'metrics') return encodeMetrics(items as ResourceMetrics, limits);
  if (signal === 'traces') {
    return encodeItems(createSpanEncoder(limits), items as readonly ReadableSpan[]);
  }
  return encodeItems(createLogRecordEncoder(limits), items as readonly ReadableLogRecord[]);
}

function encodeItems<I>(encoder: ItemEncoder<I>, items: readonly I[]): EncodedRequest {
  const chunks: Uint8Array[] = [];
  let chunk = new Uint8Array(CHUNK);
  let dropped = 0;
  encoder.open(chunk, 0);
  for (const item of items) {
    let result = encoder.append(item);
    if (result === 'full') {
      chunks.push(chunk.subarray(0, encoder.close()));
      chunk = new Uint8Array(CHUNK);
      encoder.open(chunk, 0);
      result = encoder.append(item);
    }
    if (result === 'full') {
      const alone = encoder.alone(item);
      if (typeof alone === 'string') dropped++;
      else chunks.push(alone);
    } else if (result !== 'written') dropped++;
  }
  chunks.push(chunk.subarray(0, encoder.close()));
  return { bytes: Buffer.concat(chunks), dropped };
}

function encodeMetrics(items: ResourceMetrics, limits?: Partial<EncodeLimits>): EncodedRequest {
  const encoder = createMetricEncoder(limits);
  const chunks: Uint8Array[] = [];
  let chunk = new Uint8Array(CHUNK);
  let dropped = 0;
  encoder.open(chunk, 0);
  for (const { scope, metrics } of items.scopeMetrics) {
    for (const metric of metrics) {
      let next = 0;
      while (next < metric.dataPoints.length) {
        const before = next;
        next = encoder.append(items.resource, scope, metric, before);
        dropped += encoder.dropped;
        if (next === metric.dataPoints.length) break;
        const isEmpty = encoder.resourceAt === 0;
        chunks.push(chunk.subarray(0, encoder.close()));
        // A point that does not fit in an empty chunk gets a larger one, once.
        if (isEmpty && chunk.length > CHUNK) {
          next++;
          dropped++;
        }
        chunk = new Uint8Array(isEmpty ? CHUNK * 40 : CHUNK);
        encoder.open(chunk, 0);
      }
    }
  }
  chunks.push(chunk.subarray(0, encoder.close()));
  return { bytes: Buffer.concat(chunks), dropped };
}
