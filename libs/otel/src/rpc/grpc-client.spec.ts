import type { INestApplicationContext } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import { firstValueFrom, lastValueFrom, of, Subject, take, toArray } from 'rxjs';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { Inventory } from '../report/inventory.js';
import { hanging } from './fixtures/drive.js';
import { clientOptions, inSpan, startGateway } from './fixtures/gateway.js';
import type { Orders } from './fixtures/gateway.js';
import { startShop } from './fixtures/shop.js';
import type { Order, Shop } from './fixtures/shop.js';
import { Telemetry, secondsOf } from './fixtures/telemetry.js';
import { tracedGrpcClient } from './traced-grpc.js';
import { ClientProxyFactory } from '@nestjs/microservices';
import type { ClientGrpc } from '@nestjs/microservices';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isClient = (span: ReadableSpan): boolean => span.kind === SpanKind.CLIENT;
const KINDS = [
  ['get', 'Get', (mode: string) => ({ id: '1', mode })],
  ['watch', 'Watch', (mode: string) => ({ id: '1', mode })],
  ['upload', 'Upload', (mode: string) => of({ id: '1', mode }, { id: '2', mode })],
  ['chat', 'Chat', (mode: string) => of({ id: '1', mode }, { id: '2', mode })],
] as const;

describe('GrpcClientInstrumentation', () => {
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

  describe.each(KINDS)('%s', (call, rpc, request) => {
    it('is child of the caller and parent of the server, and carries baggage', async () => {
      const { value, spanId } = await inSpan(() =>
        firstValueFrom(orders[call](request('ok')).pipe(toArray())),
      );
      const client = await telemetry.endedOne(isClient);
      const server = await telemetry.endedOne((span) => span.kind === SpanKind.SERVER);
      expect(client.parentSpanContext?.spanId).toBe(spanId);
      expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId);
      const { traceId } = client.spanContext();
      expect(value.at(-1)?.id).toContain(`${traceId}/${server.spanContext().spanId}/acme`);
      expect(client.name).toBe(`shop.v1.Orders/${rpc}`);
      expect(client.attributes).toEqual({
        'rpc.system.name': 'grpc',
        'rpc.method': `shop.v1.Orders/${rpc}`,
        'rpc.status_code': 'OK',
        'server.address': 'localhost',
        'server.port': shop.port,
        'network.peer.address': '127.0.0.1',
        'network.peer.port': shop.port,
      });
      expect(client.status.code).toBe(SpanStatusCode.UNSET);
    });

    it('is an error for a status other than OK', async () => {
      await expect(lastValueFrom(orders[call](request('rpc5')))).rejects.toThrow('no such order');
      const client = await telemetry.endedOne(isClient);
      expect(client.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such order' });
      expect(client.attributes).toMatchObject({
        'rpc.status_code': 'NOT_FOUND',
        'error.type': 'NOT_FOUND',
      });
      expect(client.events).toEqual([]);
    });

    it('ends as CANCELLED if the caller unsubscribes', async () => {
      const hangs = hanging();
      const subscription = orders[call](request('hang')).subscribe();
      await hangs;
      subscription.unsubscribe();
      const client = await telemetry.endedOne(isClient);
      expect(client.attributes['rpc.status_code']).toBe('CANCELLED');
      const server = await telemetry.endedOne((span) => span.kind === SpanKind.SERVER);
      expect(server.attributes['rpc.status_code']).toBe('CANCELLED');
      expect(telemetry.spans).toHaveLength(2);
    });
  });

  // For an Observable as request Nest passes on only the metadata, so there is no deadline.
  it.each(['get', 'watch'] as const)('ends %s as DEADLINE_EXCEEDED', async (call) => {
    // The first call opens the connection. It comes before, so that the deadline covers the call alone.
    await firstValueFrom(orders.get({}));
    await telemetry.ended(() => true, 2);
    await telemetry.reset();
    const options = { deadline: Date.now() + 300 };
    const reply = lastValueFrom(orders[call]({ mode: 'hang' }, new Metadata(), options));
    await expect(reply).rejects.toMatchObject({ code: 4 });
    const spans = await telemetry.ended(() => true, 2);
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
      'DEADLINE_EXCEEDED',
      'DEADLINE_EXCEEDED',
    ]);
  });

  it('ends if the caller has enough while its request stream is still open', async () => {
    const feed = new Subject<Order>();
    const replies = firstValueFrom(orders.chat(feed).pipe(take(1)));
    feed.next({ id: '1' });
    await replies;
    const spans = await telemetry.ended(() => true, 2);
    expect(spans.map(({ attributes }) => attributes['rpc.status_code'])).toEqual([
      'CANCELLED',
      'CANCELLED',
    ]);
  });

  it('also runs for a call with interceptors of its own', async () => {
    let ran = 0;
    const own = (options: unknown, next: (options: unknown) => unknown): unknown => {
      ran += 1;
      return next(options);
    };
    await firstValueFrom(orders.get({}, new Metadata(), { interceptors: [own] }));
    const [client] = await telemetry.ended(isClient);
    expect([ran, client?.name]).toEqual([1, 'shop.v1.Orders/Get']);
  });

  it('instruments a client whose service a factory got before the start', async () => {
    const early = app.get<Orders>('EARLY');
    await firstValueFrom(early.get({}));
    const spans = await telemetry.ended(() => true, 2);
    expect(spans.map(({ kind }) => kind)).toEqual([SpanKind.SERVER, SpanKind.CLIENT]);
  });

  it('records calls that could not begin', async () => {
    const lost = ClientProxyFactory.create(
      tracedGrpcClient(clientOptions(shop.port)),
    ) as unknown as ClientGrpc & { close(): void };
    const service = lost.getService<Orders>('Orders');
    lost.close();
    await expect(lastValueFrom(service.get({}))).rejects.toThrow('shut down');
    const client = await telemetry.endedOne(isClient);
    expect(client.status.code).toBe(SpanStatusCode.ERROR);
    expect(client.attributes['rpc.status_code']).toBeUndefined();
    expect(client.attributes['error.type']).toBe('Error');
  });

  it('records a call to an endpoint where nobody listens', async () => {
    const options = clientOptions(shop.port);
    options.options.url = 'unix:///nowhere.sock';
    const lost = ClientProxyFactory.create(tracedGrpcClient(options)) as unknown as ClientGrpc & {
      close(): void;
    };
    await expect(lastValueFrom(lost.getService<Orders>('Orders').get({}))).rejects.toMatchObject({
      code: 14,
    });
    const client = await telemetry.endedOne(isClient);
    expect(client.attributes).toMatchObject({
      'server.address': '/nowhere.sock',
      'rpc.status_code': 'UNAVAILABLE',
      'error.type': 'UNAVAILABLE',
    });
    lost.close();
  });

  it('measures the duration of the call', async () => {
    const whole = trace.getTracer('spec').startSpan('whole') as unknown as ReadableSpan & Span;
    await expect(firstValueFrom(orders.get({ mode: 'rpc13' }))).rejects.toThrow('broken');
    await telemetry.endedOne(isClient);
    whole.end();
    const points = await telemetry.durations('rpc.client.call.duration');
    const point = points.find(({ attributes }) => attributes['error.type'] === 'INTERNAL');
    expect(point?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': 'shop.v1.Orders/Get',
      'rpc.status_code': 'INTERNAL',
      'error.type': 'INTERNAL',
      'server.address': 'localhost',
      'server.port': shop.port,
    });
    expect(point?.count).toBe(1);
    // The unit is seconds, and the call is no longer than the span around it.
    const around = secondsOf(whole.duration);
    expect(point!.sum).toBeGreaterThan(0);
    expect(point!.sum).toBeLessThanOrEqual(around);
  });

  it('lists its clients in the inventory', () => {
    expect(app.get(Inventory).items()).toEqual([
      { kind: 'instrumented', what: 'gRPC client OWN', detail: `localhost:${shop.port}` },
      { kind: 'instrumented', what: 'gRPC client ORDERS', detail: `localhost:${shop.port}` },
    ]);
  });
});
