import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { decodeExportRequest } from '../wire/export-request.js';
import type { Signal } from '../wire/model.js';
import { spoiled } from './fixtures/hostile-items.js';
import { Random } from './fixtures/random.js';
import { randomLogRecord, randomMetrics, randomSpan } from './fixtures/random-items.js';
import { createLogRecordEncoder, createSpanEncoder } from './item-encoder.js';
import type { ItemEncoder } from './item-encoder.js';
import { createMetricEncoder } from './metric-encoder.js';

const ITEMS = Number(process.env['NESTLENS_FUZZ'] ?? 8000);
const SEED = Number(process.env['NESTLENS_FUZZ_SEED'] ?? 1);
const BATCH = 250;
const TARGET_BYTES = 1_048_576;

/** The seeds of the batches that make up this share of the items. */
function batches(share: number): number[] {
  return Array.from({ length: Math.ceil((ITEMS * share) / BATCH) }, (_, index) => SEED + index);
}

/** The number of items, or of data points, that the decoder finds in the bytes. */
function decodedFrom(signal: Signal, bytes: Uint8Array): number {
  const request = decodeExportRequest(signal, bytes);
  let count = 0;
  for (const { scopes } of request.groups) {
    for (const { items } of scopes) {
      for (const item of items) count += 'data' in item ? item.data.points.length : 1;
    }
  }
  return count;
}

interface Account {
  written: number;
  lost: number;
}

function appendAll<I>(signal: Signal, encoder: ItemEncoder<I>, items: readonly I[]): Account {
  const target = new Uint8Array(new SharedArrayBuffer(TARGET_BYTES));
  const account: Account = { written: 0, lost: 0 };
  let open = 0;
  function seal(): void {
    expect(decodedFrom(signal, target.slice(0, encoder.close()))).toBe(open);
    encoder.open(target, 0);
    open = 0;
  }
  encoder.open(target, 0);
  for (const item of items) {
    let result = encoder.append(item);
    if (result === 'full') {
      seal();
      result = encoder.append(item);
    }
    if (result === 'written') {
      account.written += 1;
      open += 1;
    } else account.lost += 1;
  }
  seal();
  return account;
}

function appendPoints({ resource, scopeMetrics }: ResourceMetrics): Account {
  const encoder = createMetricEncoder();
  const target = new Uint8Array(TARGET_BYTES);
  const account: Account = { written: 0, lost: 0 };
  let open = 0;
  function seal(): void {
    expect(decodedFrom('metrics', target.slice(0, encoder.close()))).toBe(open);
    encoder.open(target, 0);
    open = 0;
  }
  encoder.open(target, 0);
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      const count = metric.dataPoints.length;
      for (let from = 0, next = 0; from < count; from = next) {
        next = encoder.append(resource, scope, metric, from);
        account.written += next - from - encoder.dropped;
        account.lost += encoder.dropped;
        open += next - from - encoder.dropped;
        if (next < count) seal();
      }
    }
  }
  seal();
  return account;
}

/** For any input, encoders do not throw, and every item is either readable or counted as lost. */
describe('hostile items', () => {
  it('are written as readable spans, or counted', () => {
    const encoder = createSpanEncoder();
    const sum: Account = { written: 0, lost: 0 };
    for (const seed of batches(0.4)) {
      const random = new Random(seed);
      const spans = Array.from({ length: BATCH }, () => spoiled(random, randomSpan(random)));
      const { written, lost } = appendAll('traces', encoder, spans);
      expect({ seed, items: written + lost }).toEqual({ seed, items: BATCH });
      sum.written += written;
      sum.lost += lost;
    }
    expect(sum.written).toBeGreaterThan(sum.lost);
    expect(Math.min(sum.lost, encoder.losses.attributes, encoder.losses.values)).toBeGreaterThan(0);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  }, 3_600_000);

  it('are written as readable log records, or counted', () => {
    const encoder = createLogRecordEncoder();
    const sum: Account = { written: 0, lost: 0 };
    for (const seed of batches(0.3)) {
      const random = new Random(seed);
      const records = Array.from({ length: BATCH }, () => spoiled(random, randomLogRecord(random)));
      const { written, lost } = appendAll('logs', encoder, records);
      expect({ seed, items: written + lost }).toEqual({ seed, items: BATCH });
      sum.written += written;
      sum.lost += lost;
    }
    expect(sum.written).toBeGreaterThan(sum.lost);
    expect(Math.min(sum.lost, encoder.losses.attributes, encoder.losses.values)).toBeGreaterThan(0);
  }, 3_600_000);

  it('are written as readable points, or counted', () => {
    const sum: Account = { written: 0, lost: 0 };
    for (const seed of batches(0.3)) {
      const random = new Random(seed);
      const made = randomMetrics(random, BATCH);
      let points = 0;
      const scopeMetrics = made.scopeMetrics.map(({ scope, metrics }) => ({
        scope: random.chance(0.02) ? (null as never) : scope,
        metrics: metrics.map((metric) => {
          points += metric.dataPoints.length;
          const value = metric.dataPoints.map((point) => spoiled(random, point));
          // The list of points is intact, so that they can be counted. All other fields may be wrong.
          return Object.defineProperty(spoiled(random, metric, 0), 'dataPoints', { value });
        }),
      }));
      const { written, lost } = appendPoints({ ...made, scopeMetrics });
      expect({ seed, items: written + lost }).toEqual({ seed, items: points });
      sum.written += written;
      sum.lost += lost;
    }
    expect(sum.written).toBeGreaterThan(sum.lost);
    expect(sum.lost).toBeGreaterThan(0);
  }, 3_600_000);
});
