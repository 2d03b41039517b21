import type { INestApplicationContext } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import { concatMap, firstValueFrom, lastValueFrom, mergeMap, of, take } from 'rxjs';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { withIncoming } from '../propagation/incoming-headers.js';
import { inSpan, startGateway } from './fixtures/gateway.js';
import type { Orders } from './fixtures/gateway.js';
import { startShop } from './fixtures/shop.js';
import type { Shop } from './fixtures/shop.js';
import { Telemetry } from './fixtures/telemetry.js';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isClient = (span: ReadableSpan): boolean => span.kind === SpanKind.CLIENT;

describe('the context of gRPC clients', () => {
  let shop: Shop;
  let app: INestApplicationContext;
  let orders: Orders;

  beforeAll(async () => {
    telemetry.start();
    shop = await startShop();
    ({ app, orders } = await startGateway(shop.port));
  });

  afterEach(() => telemetry.reset());

  afterAll(async () => {
    await app.close();
    await shop.close();
    await telemetry.stop();
  });

  it('is active in operators that run after a reply', async () => {
    const { spanId } = await inSpan(() =>
      lastValueFrom(
        orders.get({ id: '1' }).pipe(mergeMap(() => orders.watch({ id: '2' }).pipe(take(1)))),
      ),
    );
    const clients = await telemetry.ended(isClient, 2);
    expect(clients.map((span) => span.parentSpanContext?.spanId)).toEqual([spanId, spanId]);
  });

  it('is separate for concurrent callers on one connection', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { spanId } = await inSpan(() =>
          lastValueFrom(orders.get({}).pipe(mergeMap(() => orders.get({})))),
        );
        const mine = telemetry.spans.filter((span) => span.parentSpanContext?.spanId === spanId);
        expect(mine).toHaveLength(2);
      }),
    );
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { spanId } = await inSpan(() =>
          lastValueFrom(orders.watch({}).pipe(concatMap(() => orders.get({})))),
        );
        const mine = telemetry.spans.filter((span) => span.parentSpanContext?.spanId === spanId);
        expect(mine).toHaveLength(4);
      }),
    );
  });

  it('does not change the metadata of the caller', async () => {
    const metadata = new Metadata();
    metadata.set('tenant', 'acme');
    await Promise.all([
      firstValueFrom(orders.get({}, metadata)),
      firstValueFrom(orders.get({}, metadata)),
    ]);
    expect(metadata.getMap()).toEqual({ tenant: 'acme' });
    const servers = await telemetry.ended((span) => span.kind === SpanKind.SERVER, 2);
    expect(new Set(servers.map((span) => span.spanContext().traceId)).size).toBe(2);
    expect(servers.every((span) => span.parentSpanContext !== undefined)).toBe(true);
  });

  it('replaces a traceparent that the app passes on, and keeps one that it chose', async () => {
    const metadata = new Metadata();
    const traceId = '1'.repeat(32);
    metadata.set('traceparent', `00-${traceId}-${'2'.repeat(16)}-01`);
    metadata.set('baggage', 'tenant=mine');
    await firstValueFrom(orders.get({}, metadata));
    const [chosen] = await telemetry.ended((span) => span.kind === SpanKind.SERVER);
    expect(chosen?.parentSpanContext).toMatchObject({ traceId, spanId: '2'.repeat(16) });
    const incoming = { incomingHeader: (name: string) => metadata.get(name)[0]?.toString() };
    await context.with(withIncoming(context.active(), incoming), () =>
      firstValueFrom(orders.get({}, metadata)),
    );
    const [, passedOn] = await telemetry.ended((span) => span.kind === SpanKind.SERVER, 2);
    expect(passedOn?.parentSpanContext).toMatchObject({ isRemote: true });
    expect(passedOn?.parentSpanContext?.spanId).not.toBe('2'.repeat(16));
  });

  it('is not sent with suppressed calls', async () => {
    await context.with(suppressTracing(ROOT_CONTEXT), () => firstValueFrom(orders.get({})));
    const server = await telemetry.endedOne((span) => span.kind === SpanKind.SERVER);
    expect(server.parentSpanContext).toBeUndefined();
    expect(telemetry.spans).toHaveLength(1);
  });

  it('is separate for 500 concurrent calls', async () => {
    const calls = Array.from({ length: 500 }, (_, at) =>
      inSpan(async () => {
        const call = at % 2 === 0 ? orders.get({}) : orders.upload(of({ id: '1' }, { id: '2' }));
        const { id } = await firstValueFrom(call);
        return { id, traceId: trace.getActiveSpan()!.spanContext().traceId };
      }),
    );
    const replies = await Promise.all(calls);
    for (const { value } of replies) {
      const traces = value.id.split(' ').map((one) => one.split('/')[0]);
      expect(new Set(traces)).toEqual(new Set([value.traceId]));
    }
    expect(new Set(replies.map(({ value }) => value.traceId)).size).toBe(500);
    const spans = await telemetry.ended((span) => span.kind !== SpanKind.INTERNAL, 1000);
    expect(spans).toHaveLength(1000);
    expect(shop.inFlight.count).toBe(0);
  });
});
