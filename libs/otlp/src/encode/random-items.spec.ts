import { isDeepStrictEqual } from 'node:util';
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { decodeExportRequest } from '../wire/export-request.js';
import { decodeExportRequestJson } from '../wire/json-export-request.js';
import type { ExportRequest, Signal } from '../wire/model.js';
import { Random } from './fixtures/random.js';
import { randomLogRecord, randomMetrics, randomSpan } from './fixtures/random-items.js';
import { createLogRecordEncoder, createSpanEncoder } from './item-encoder.js';
import type { ItemEncoder } from './item-encoder.js';
import { transcodeJson } from './json.js';
import { createMetricEncoder } from './metric-encoder.js';

/*
 * Our bytes and those of the official serializers decode to the same message, for items inside the limits. These
 * differ on purpose, and hostile-values.spec.ts and limits.spec.ts show them:
 * - values that the limits truncate, and values that JSON does not hold (Date, Map, Error, bigint, symbol, function,
 *   itself)
 * - times before 1970 and after April 2262; empty attribute keys; links without a context
 * - metrics without points are not sent
 */
const ITEMS = Number(process.env['NESTLENS_FUZZ'] ?? 20_000);
const BATCH = 500;
const SEED = Number(process.env['NESTLENS_FUZZ_SEED'] ?? 1);
const SIZES = [10_000, 30_000, 262_144];

/** The items in order, grouped by resource and scope. */
function flatten(request: ExportRequest): unknown[] {
  const groups = new Map<string, unknown[]>();
  for (const { resource, schemaUrl, scopes } of request.groups) {
    for (const scoped of scopes) {
      const frame = JSON.stringify([resource, schemaUrl, scoped.scope, scoped.schemaUrl]);
      const items = groups.get(frame) ?? [];
      for (const item of scoped.items) items.push(item);
      groups.set(frame, items);
    }
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).flat(2);
}

/** Joins the points of a metric that continues in another target. */
function joined(items: readonly unknown[]): unknown[] {
  const whole: unknown[] = [];
  let last: { name: string; data: { points: unknown[] } } | undefined;
  for (const item of items as readonly { name: string; data: { points: unknown[] } }[]) {
    const { points, ...rest } = item.data ?? {};
    const { points: before, ...kind } = last?.data ?? {};
    if (last !== undefined && last.name === item.name && isDeepStrictEqual(rest, kind)) {
      before?.push(...points);
    } else {
      last =
        item.data === undefined ? undefined : { ...item, data: { ...rest, points: [...points] } };
      whole.push(last ?? item);
    }
  }
  return whole;
}

function expectSame(ours: readonly unknown[], theirs: readonly unknown[], seed: number): void {
  if (isDeepStrictEqual(ours, theirs)) return;
  const index = theirs.findIndex((item, at) => !isDeepStrictEqual(ours[at], item));
  expect({ seed, index, item: ours[index] }).toEqual({ seed, index, item: theirs[index] });
  expect(ours).toHaveLength(theirs.length);
}

function appendAll<I>(encoder: ItemEncoder<I>, items: readonly I[], random: Random): Buffer {
  const chunks: Uint8Array[] = [];
  let target: Uint8Array = new Uint8Array(0);
  let offset = 0;
  function open(): void {
    target = new Uint8Array(new SharedArrayBuffer(random.pick(SIZES)));
    offset = random.int(100);
    encoder.open(target, offset);
  }
  function seal(): void {
    void chunks.push(target.slice(offset, encoder.close()));
  }
  open();
  for (const item of items) {
    if (encoder.append(item) === 'written') continue;
    seal();
    open();
    if (encoder.append(item) === 'written') continue;
    const alone = encoder.alone(item);
    if (typeof alone === 'string') throw new Error(alone);
    chunks.push(alone);
  }
  seal();
  return Buffer.concat(chunks);
}

function appendPoints(items: ResourceMetrics, random: Random): Buffer {
  const encoder = createMetricEncoder();
  const chunks: Uint8Array[] = [];
  let target = new Uint8Array(random.pick([70_000, 262_144]));
  encoder.open(target, 0);
  for (const { scope, metrics } of items.scopeMetrics) {
    for (const metric of metrics) {
      let next = encoder.append(items.resource, scope, metric, 0);
      while (next < metric.dataPoints.length) {
        chunks.push(target.subarray(0, encoder.close()));
        target = new Uint8Array(random.pick([70_000, 262_144]));
        encoder.open(target, 0);
        next = encoder.append(items.resource, scope, metric, next);
      }
    }
  }
  chunks.push(target.subarray(0, encoder.close()));
  return Buffer.concat(chunks);
}

/** Compares two requests, and returns the number of items. */
function compare(signal: Signal, ours: Uint8Array, theirs: Uint8Array, seed: number): number {
  const expected = flatten(decodeExportRequest(signal, theirs));
  const got = flatten(decodeExportRequest(signal, ours));
  if (signal === 'metrics') expectSame(joined(got), joined(expected), seed);
  else expectSame(got, expected, seed);
  if (seed % 10 !== 1) return got.length;
  const json = decodeExportRequestJson(signal, transcodeJson(signal, ours));
  expectSame(flatten(json), got, seed);
  return got.length;
}

/** The seeds of the batches that make up this share of the items. */
function batches(share: number): number[] {
  return Array.from({ length: Math.ceil((ITEMS * share) / BATCH) }, (_, index) => SEED + index);
}

describe('random items', () => {
  it('decode to the same spans as from the official serializer', () => {
    const encoder = createSpanEncoder();
    for (const seed of batches(0.4)) {
      const random = new Random(seed);
      const spans = Array.from({ length: BATCH }, () => randomSpan(random));
      const theirs = ProtobufTraceSerializer.serializeRequest(spans)!;
      compare('traces', appendAll(encoder, spans, random), theirs, seed);
    }
    expect(encoder.losses).toEqual({ attributes: 0, events: 0, links: 0, values: 0 });
  }, 3_600_000);

  it('decode to the same log records as from the official serializer', () => {
    const encoder = createLogRecordEncoder();
    for (const seed of batches(0.3)) {
      const random = new Random(seed);
      const records = Array.from({ length: BATCH }, () => randomLogRecord(random));
      const theirs = ProtobufLogsSerializer.serializeRequest(records)!;
      compare('logs', appendAll(encoder, records, random), theirs, seed);
    }
    expect(encoder.losses).toEqual({ attributes: 0, events: 0, links: 0, values: 0 });
  }, 3_600_000);

  it('decode to the same data points as from the official serializer', () => {
    let compared = 0;
    for (const seed of batches(0.3)) {
      const random = new Random(seed);
      const metrics = randomMetrics(random, BATCH);
      const theirs = ProtobufMetricsSerializer.serializeRequest(metrics)!;
      compared += compare('metrics', appendPoints(metrics, random), theirs, seed);
    }
    expect(compared).toBeGreaterThan(0);
  }, 3_600_000);
});
