import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SpanKind } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { useLeakCheck } from '@nestlens/testing';
import { CLIENTS, startRelay, valuesOf } from './fixtures/relay.js';
import type { Pairs, Relay } from './fixtures/relay.js';
import { ONE_CALL, SEVERAL_CALLS, readSent } from './fixtures/trace-context-suite.js';

useLeakCheck();

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const)('the W3C suite for trace context through %s', (_platform, makeAdapter) => {
  let relay: Relay;
  beforeAll(async () => {
    relay = await startRelay(makeAdapter());
  });
  afterAll(() => relay.close());

  it('has all 41 checks', () => {
    expect(ONE_CALL.length + SEVERAL_CALLS.length).toBe(41);
  });

  it.each(ONE_CALL)('%s', async (_name, cases) => {
    for (const [headers, judge] of cases) {
      const sent = await relay.through(headers);
      expect([...sent.keys()]).toEqual(Object.keys(CLIENTS));
      for (const [client, pairs] of sent) {
        const read = readSent(pairs);
        const failed = judge(read) ? undefined : { client, headers, read };
        expect(failed).toBeUndefined();
      }
    }
  });

  it.each(SEVERAL_CALLS)('%s', async (_name, cases) => {
    for (const [headers, judge] of cases) {
      const sent = [...(await relay.through(headers)).values()].map(readSent);
      expect(sent.every(judge)).toBe(true);
      expect(new Set(sent.map(({ traceId }) => traceId)).size).toBe(1);
      expect(new Set(sent.map(({ spanId }) => spanId)).size).toBe(sent.length);
    }
  });

  it('keeps only the flags that level 2 defines, and only the sampled flag of a later version', async () => {
    const ids = '12345678901234567890123456789012-1234567890123456';
    for (const [incoming, flags] of [
      [`00-${ids}-ff`, 3],
      [`00-${ids}-fd`, 1],
      [`cc-${ids}-ff-more`, 1],
    ] as const) {
      for (const pairs of (await relay.through([['traceparent', incoming]])).values()) {
        expect(readSent(pairs).flags).toBe(flags);
      }
    }
  });

  it('sets the random flag in the spans', async () => {
    const [sent] = [...(await relay.through([])).values()].map(readSent);
    const spans = relay.spans
      .map((span) => span.spanContext())
      .filter(({ traceId }) => traceId === sent?.traceId);
    expect(new Set(spans.map(({ traceFlags }) => traceFlags))).toEqual(new Set([3]));
  });
});

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const)('incoming headers that an app on %s passes on', (_platform, makeAdapter) => {
  const TRACE = '12345678901234567890123456789012';
  const incoming = (relay: string, traceparent = `00-${TRACE}-1234567890123456-01`): Pairs => [
    ['traceparent', traceparent],
    ['tracestate', 'foo=1'],
    ['tracestate', 'bar=2'],
    ['baggage', 'user=ann'],
    ['baggage', 'tenant=one'],
    ['x-relay', relay],
  ];
  let relay: Relay;
  beforeAll(async () => {
    relay = await startRelay(makeAdapter());
  });
  afterAll(() => relay.close());

  it.each(['copied', 'capitals'])('are replaced by ours: %s', async (way) => {
    const sent = await relay.through(incoming(way));
    expect([...sent.keys()]).toEqual(Object.keys(CLIENTS));
    for (const pairs of sent.values()) {
      const { traceId, spanId, stateText } = readSent(pairs);
      expect([traceId, stateText]).toEqual([TRACE, 'foo=1,bar=2']);
      const span = relay.spans.find((candidate) => candidate.spanContext().spanId === spanId);
      expect(span?.kind).toBe(SpanKind.CLIENT);
      expect(valuesOf(pairs, 'baggage')).toEqual(['user=ann,tenant=one']);
    }
  });

  it('are replaced by ours even if they are invalid', async () => {
    const sent = await relay.through(incoming('copied', `00-${TRACE}-0000000000000000-01`));
    for (const pairs of sent.values()) {
      const { traceId, stateText } = readSent(pairs);
      expect([traceId === TRACE, stateText]).toEqual([false, '']);
    }
  });

  it('stay if the app chose them itself, traceparent and baggage separately', async () => {
    for (const pairs of (await relay.through(incoming('own'))).values()) {
      expect(valuesOf(pairs, 'traceparent')).toEqual([
        '00-11111111111111111111111111111111-2222222222222222-01',
      ]);
      expect(valuesOf(pairs, 'tracestate')).toEqual([]);
      expect(valuesOf(pairs, 'baggage')).toEqual(['user=ann,tenant=one']);
    }
    for (const pairs of (await relay.through(incoming('own baggage'))).values()) {
      const { spanId } = readSent(pairs);
      expect(spanId).not.toBe('1234567890123456');
      expect(valuesOf(pairs, 'baggage')).toEqual(['mine=1']);
    }
  });
});

describe('the random flag', () => {
  it('is set on new traces that are not sampled', async () => {
    const relay = await startRelay(new ExpressAdapter(), { sampler: new AlwaysOffSampler() });
    for (const pairs of (await relay.through([])).values()) expect(readSent(pairs).flags).toBe(2);
    await relay.close();
  });

  it('is not set if the app generates trace ids itself, and stays on traces that continue', async () => {
    const idGenerator = {
      generateTraceId: () => '0'.repeat(31) + '7',
      generateSpanId: () => Math.random().toString(16).slice(2).padEnd(16, '1').slice(0, 16),
    };
    const relay = await startRelay(new ExpressAdapter(), { idGenerator });
    for (const pairs of (await relay.through([])).values()) {
      expect(readSent(pairs)).toMatchObject({ traceId: '0'.repeat(31) + '7', flags: 1 });
    }
    const going = `00-12345678901234567890123456789012-1234567890123456-03`;
    for (const pairs of (await relay.through([['traceparent', going]])).values()) {
      expect(readSent(pairs).flags).toBe(3);
    }
    await relay.close();
  });
});
