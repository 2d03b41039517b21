import { defaultAdmissionLimits } from '../admission/limits.js';
import {
  attributes,
  logRecord,
  logs,
  metrics,
  numberPoint,
  span,
  spanId,
  spans,
  sum,
  traceId,
} from '../fixtures/samples.js';
import { SIGNALS } from '@nestlens/otlp/wire';
import { OTHER_SERVICES } from './service.js';
import { LensStore, type StoreOptions } from './store.js';

const MIB = 1_024 * 1_024;

function store(options: Partial<StoreOptions> = {}): LensStore {
  return new LensStore({
    maxBytes: 8 * MIB,
    maxSpansPerTrace: 10_000,
    maxPointsPerSeries: 512,
    limits: defaultAdmissionLimits,
    now: () => 1_000,
    ...options,
  });
}

/** Walks the stored traces and compares them with the counts and the bytes. */
function expectCountsToBalance(kept: LensStore): void {
  const { counts, services, traces } = kept.stats();
  for (const part of [counts, ...services.map((service) => service.counts)]) {
    for (const signal of SIGNALS) {
      const { received, held, refused, evicted, cleared } = part[signal];
      expect(received).toBe(held + refused + evicted + cleared);
    }
  }
  let spanCount = 0;
  let bytes = 0;
  const sources = new Set<{ bytes: number }>();
  for (let trace = kept.traces.shelf.newest; trace !== undefined; trace = trace.previous) {
    spanCount += trace.spans.length;
    bytes += trace.bytes;
    for (const { source } of trace.spans) sources.add(source);
    expect(kept.traces.get(trace.id)).toBe(trace);
  }
  for (const source of sources) bytes += source.bytes;
  expect(counts.traces.held).toBe(spanCount);
  expect(traces.bytes).toBe(bytes);
  expect(kept.traces.sources.size).toBe(sources.size);
  expect(traces.bytes).toBeLessThanOrEqual(traces.maxBytes);
}

/** Adds `count` traces of `size` spans each, the root last. */
function fill(kept: LensStore, service: string, count: number, size = 4): string[] {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = traceId();
    const root = spanId();
    const children = Array.from({ length: size - 1 }, () =>
      span({ traceId: id, parentSpanId: root, attributes: attributes({ text: 'x'.repeat(500) }) }),
    );
    kept.ingest(spans([...children, span({ traceId: id, spanId: root })], service));
    ids.push(id);
  }
  return ids;
}

describe('the trace store', () => {
  it('evicts whole traces, the least recently changed first', () => {
    const kept = store();
    const ids = fill(kept, 'orders', 100);
    const [first = '', second = '', third = ''] = ids;
    // The first trace gets one more span, so the second is now the oldest.
    kept.ingest(spans([span({ traceId: first, parentSpanId: spanId() })], 'orders'));
    while (kept.stats().traces.evicted === 0) ids.push(...fill(kept, 'orders', 1));
    expect(kept.traces.get(first)?.spans).toHaveLength(5);
    expect(kept.traces.get(second)).toBeUndefined();
    expect(kept.traces.get(third)?.spans).toHaveLength(4);
    fill(kept, 'orders', 3_000);
    expect(kept.stats().traces.evicted).toBeGreaterThan(1_000);
    expectCountsToBalance(kept);
    for (let trace = kept.traces.shelf.newest; trace !== undefined; trace = trace.previous) {
      expect(trace.spans.length).toBeGreaterThanOrEqual(4);
    }
  });

  it('does not store a late span of an evicted trace, and knows when that was evicted', () => {
    const kept = store();
    const [first = ''] = fill(kept, 'orders', 1);
    while (kept.traces.get(first) !== undefined) fill(kept, 'orders', 1);
    const before = kept.stats().counts.traces.evicted;
    const reply = kept.ingest(spans([span({ traceId: first })], 'orders'));
    expect(reply).toEqual({ kind: 'accepted' });
    expect(kept.traces.get(first)).toBeUndefined();
    expect(kept.traces.evictedAtMs(first)).toBe(1_000);
    expect(kept.stats().counts.traces.evicted).toBe(before + 1);
    expectCountsToBalance(kept);
  });

  it('evicts only traces of the service with most of them', () => {
    const kept = store();
    const quiet = [...fill(kept, 'users', 20), ...fill(kept, 'payments', 20)];
    fill(kept, 'orders', 5_000);
    expect(quiet.filter((id) => kept.traces.get(id) === undefined)).toEqual([]);
    const byService = kept
      .stats()
      .services.map(({ service, counts }) => [service, counts.traces.evicted]);
    expect(byService).toEqual([
      ['users', 0],
      ['payments', 0],
      ['orders', expect.any(Number)],
    ]);
    expectCountsToBalance(kept);
  });

  it('counts a trace for the service of its root, even if a callee arrived first', () => {
    const kept = store();
    const id = traceId();
    const root = spanId();
    kept.ingest(spans([span({ traceId: id, parentSpanId: root })], 'orders'));
    expect(kept.traces.get(id)?.list.service.name).toBe('orders');
    kept.ingest(spans([span({ traceId: id, spanId: root })], 'gateway'));
    expect(kept.traces.get(id)?.list.service.name).toBe('gateway');
    expect(kept.traces.get(id)?.services).toEqual(['orders', 'gateway']);
    expectCountsToBalance(kept);
  });

  it('limits one trace in spans and in bytes, and counts the spans that it rejected', () => {
    const kept = store({ maxSpansPerTrace: 3 });
    const id = traceId();
    const reply = kept.ingest(spans(Array.from({ length: 5 }, () => span({ traceId: id }))));
    expect(reply).toEqual({
      kind: 'partial',
      rejected: 2,
      message: '2 of 5 left out: trace is full (2)',
    });
    expect(kept.traces.get(id)).toMatchObject({ leftOut: 2 });
    const wide = traceId();
    function heavy() {
      return span({ traceId: wide, attributes: attributes({ text: 'x'.repeat(200_000) }) });
    }
    const roomy = store();
    roomy.ingest(spans(Array.from({ length: 10 }, heavy)));
    expect(roomy.traces.get(wide)?.bytes).toBeLessThanOrEqual((8 * MIB * 5) / 8 / 8);
    expectCountsToBalance(kept);
    expectCountsToBalance(roomy);
  });

  it('holds one source for all spans of equal resource and scope, and deletes it with the last', () => {
    const kept = store();
    fill(kept, 'orders', 10);
    expect(kept.traces.sources.size).toBe(1);
    kept.ingest(spans([span({ traceId: '' })], 'users'));
    expect(kept.traces.sources.size).toBe(1);
    kept.clear();
    expect(kept.traces.sources.size).toBe(0);
    expect(kept.stats().bytes).toBe(0);
    expectCountsToBalance(kept);
    fill(kept, 'orders', 10);
    expect(kept.traces.size).toBe(10);
    expectCountsToBalance(kept);
  });

  it('stays within its byte limit for 3,000 resources', () => {
    const kept = store();
    for (let i = 0; i < 3_000; i += 1) {
      kept.ingest(spans([span()], `service-${i}`, 'i'.repeat(5_000)));
    }
    expectCountsToBalance(kept);
    const names = kept.stats().services.map(({ service }) => service);
    expect(names).toContain(OTHER_SERVICES);
    expect(names.length).toBeLessThanOrEqual(257);
    expect(kept.stats().counts.traces.received).toBe(3_000);
  });
});

describe('the log store', () => {
  it('keeps the latest records of each service', () => {
    const kept = store();
    function long() {
      return logRecord({ body: 'x'.repeat(1_000) });
    }
    kept.ingest(logs([logRecord({ body: 'quiet' })], 'users'));
    for (let i = 0; i < 3_000; i += 1) kept.ingest(logs([long()], 'orders'));
    const { counts, logRecords, services } = kept.stats();
    expect(logRecords.bytes).toBeLessThanOrEqual(2 * MIB);
    expect(counts.logs.evicted).toBeGreaterThan(500);
    expect(services.find(({ service }) => service === 'users')?.counts.logs.held).toBe(1);
    expect(logRecords.held).toBe(counts.logs.held);
    expectCountsToBalance(kept);
  });
});

describe('the metric store', () => {
  it('keeps the latest points of a series, by name, attributes and run', () => {
    const kept = store({ maxPointsPerSeries: 3 });
    function point(value: number, status: string) {
      return numberPoint({ value, attributes: attributes({ status, route: '/' }) });
    }
    for (let i = 0; i < 5; i += 1) kept.ingest(metrics([sum(point(i, 'ok'), point(-i, 'error'))]));
    const reordered = attributes({ route: '/', status: 'ok' });
    kept.ingest(metrics([sum(numberPoint({ value: 9, attributes: reordered }))]));
    kept.ingest(metrics([sum(point(1, 'ok'))], 'orders', 'second run'));
    expect(kept.metrics.size).toBe(3);
    const values: unknown[] = [];
    for (let at = kept.metrics.shelf.newest; at !== undefined; at = at.previous) {
      values.push(at.points.map((one) => ('value' in one ? one.value : undefined)));
    }
    expect(values).toEqual([[1], [-2, -3, -4], [3, 4, 9]]);
    expect(kept.stats().counts.metrics).toMatchObject({ received: 12, held: 7, evicted: 5 });
    expectCountsToBalance(kept);
  });

  it('stays within its byte limit for 3,000 series', () => {
    const kept = store();
    kept.ingest(metrics([sum(numberPoint())], 'users'));
    for (let i = 0; i < 3_000; i += 1) {
      kept.ingest(metrics([sum(numberPoint({ attributes: attributes({ user: i }) }))]));
    }
    const { series, services, counts } = kept.stats();
    expect(series.bytes).toBeLessThanOrEqual(MIB);
    expect(counts.metrics.evicted).toBeGreaterThan(500);
    expect(services.find(({ service }) => service === 'users')?.counts.metrics.held).toBe(1);
    expectCountsToBalance(kept);
  });
});

describe('runs', () => {
  it('are the starts of a service, the last 20', () => {
    const kept = store();
    for (let i = 0; i < 25; i += 1) kept.ingest(spans([span()], 'orders', `run ${i}`));
    const [service] = [...kept.services];
    expect(service?.runs.map(({ instanceId }) => instanceId)).toEqual(
      Array.from({ length: 20 }, (_, i) => `run ${i + 5}`),
    );
  });
});
