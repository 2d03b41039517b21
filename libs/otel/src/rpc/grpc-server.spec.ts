import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { drive, hanging, KINDS } from './fixtures/drive.js';
import { bareClient, metadataOf, startShop } from './fixtures/shop.js';
import type { BareClient, Shop } from './fixtures/shop.js';
import { Telemetry, secondsOf } from './fixtures/telemetry.js';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isServer = (span: ReadableSpan): boolean => span.kind === SpanKind.SERVER;

const PARENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traced = (): ReturnType<typeof metadataOf> =>
  metadataOf({
    traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01`,
    baggage: 'tenant=acme',
  });

describe('GrpcServerInstrumentation', () => {
  let shop: Shop;
  let client: BareClient;

  beforeAll(async () => {
    telemetry.start();
    shop = await startShop({ rpc: { requestMetadata: ['X-Tenant', 'x-key-bin'] } });
    client = bareClient(shop.port);
  });

  afterEach(() => telemetry.reset());

  afterAll(async () => {
    client.close();
    await shop.close();
    await telemetry.stop();
  });

  describe.each(KINDS)('%s', (kind) => {
    const method = `shop.v1.Orders/${kind}`;
    const callback = { Get: 'find', Watch: 'watch', Upload: 'upload', Chat: 'chat' }[kind];

    it('makes one span, which is active in handler, timers and stream messages', async () => {
      const { code, replies } = await drive(client, kind, 'ok', traced()).ended;
      expect(code).toBe(0);
      const span = await telemetry.endedOne(isServer);
      const { traceId, spanId } = span.spanContext();
      expect(traceId).toBe(PARENT.traceId);
      expect(span.parentSpanContext?.spanId).toBe(PARENT.spanId);
      const everySeen = replies.join(' ').split(' ');
      expect(everySeen.length).toBeGreaterThanOrEqual(kind === 'Get' ? 1 : 2);
      expect(new Set(everySeen)).toEqual(new Set([`${traceId}/${spanId}/acme`]));
      expect(span.name).toBe(method);
      expect(span.status.code).toBe(SpanStatusCode.UNSET);
      expect(span.attributes).toEqual({
        'rpc.system.name': 'grpc',
        'rpc.method': method,
        'rpc.status_code': 'OK',
        'server.address': '127.0.0.1',
        'server.port': shop.port,
        'network.peer.address': '127.0.0.1',
        'network.peer.port': expect.any(Number),
        'code.function.name': `OrdersController.${callback}`,
        'nestjs.controller': 'OrdersController',
        'nestjs.callback': callback,
      });
      expect(shop.inFlight.count).toBe(0);
      expect(telemetry.spans).toHaveLength(1);
    });

    it('records the exception of a handler once, with its stack', async () => {
      const { code, details } = await drive(client, kind, 'error').ended;
      expect({ code, details }).toEqual({ code: 2, details: 'Internal server error' });
      const span = await telemetry.endedOne(isServer);
      expect(span.status).toEqual({
        code: SpanStatusCode.ERROR,
        message: 'Internal server error',
      });
      expect(span.attributes).toMatchObject({
        'rpc.status_code': 'UNKNOWN',
        'error.type': 'UNKNOWN',
      });
      expect(span.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
        {
          name: 'exception',
          attributes: {
            'exception.type': 'OutOfPaper',
            'exception.message': 'no paper',
            'exception.stacktrace': expect.stringContaining('shop.ts'),
          },
        },
      ]);
    });

    it.each([
      ['rpc5', 'NOT_FOUND', undefined, SpanStatusCode.UNSET, undefined],
      ['rpc13', 'INTERNAL', 'INTERNAL', SpanStatusCode.ERROR, 'broken'],
      ['rpcString', 'UNKNOWN', 'UNKNOWN', SpanStatusCode.ERROR, 'in words'],
    ])(
      'records RpcException %s with the status %s',
      async (mode, name, errorType, status, message) => {
        await drive(client, kind, mode).ended;
        const span = await telemetry.endedOne(isServer);
        expect(span.attributes['rpc.status_code']).toBe(name);
        expect(span.attributes['error.type']).toBe(errorType);
        expect(span.status.code).toBe(status);
        expect(span.status.message).toBe(message);
        expect(span.events).toEqual([]);
      },
    );

    it('ends as CANCELLED, and not as an error, if the client cancels', async () => {
      const hangs = hanging();
      const call = drive(client, kind, 'hang');
      await hangs;
      expect(shop.inFlight.count).toBe(1);
      call.cancel();
      const span = await telemetry.endedOne(isServer);
      expect(span.attributes['rpc.status_code']).toBe('CANCELLED');
      expect(span.status.code).toBe(SpanStatusCode.UNSET);
      expect((await call.ended).code).toBe(1);
      expect(shop.inFlight.count).toBe(0);
      expect(telemetry.spans).toHaveLength(1);
    });

    it('ends as DEADLINE_EXCEEDED at the deadline', async () => {
      const hangs = hanging();
      const call = drive(client, kind, 'hang', undefined, { deadline: Date.now() + 300 });
      await hangs;
      const span = await telemetry.endedOne(isServer);
      expect(span.attributes).toMatchObject({
        'rpc.status_code': 'DEADLINE_EXCEEDED',
        'error.type': 'DEADLINE_EXCEEDED',
      });
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      expect((await call.ended).code).toBe(4);
      expect(telemetry.spans).toHaveLength(1);
    });

    it('names the handler if a guard refuses', async () => {
      await drive(client, kind, 'ok', metadataOf({ token: 'bad' })).ended;
      const span = await telemetry.endedOne(isServer);
      expect(span.attributes).toMatchObject({
        'code.function.name': `OrdersController.${callback}`,
        'rpc.status_code': 'UNKNOWN',
      });
      expect(span.status.message).toBe('Forbidden resource');
    });
  });

  it.each(['Upload', 'Chat'] as const)('makes a span for @GrpcStreamCall %s', async (kind) => {
    const raw = bareClient(shop.port, 'RawOrders');
    const { replies } = await drive(raw, kind, 'ok', traced(), {}, 3).ended;
    const span = await telemetry.endedOne(isServer);
    const { traceId, spanId } = span.spanContext();
    expect(replies.join(' ').split(' ')).toEqual(
      Array.from({ length: 3 }, () => `${traceId}/${spanId}/acme`),
    );
    expect(span.attributes['code.function.name']).toBe(`RawOrdersController.${kind.toLowerCase()}`);
    raw.close();
  });

  it('records the exception of a stream that fails in the middle', async () => {
    const { code, replies } = await drive(client, 'Watch', 'late').ended;
    expect({ code, count: replies.length }).toEqual({ code: 2, count: 2 });
    const span = await telemetry.endedOne(isServer);
    expect(span.events[0]?.attributes?.['exception.type']).toBe('OutOfPaper');
  });

  it('measures the duration of the call, with few attributes', async () => {
    const whole = trace.getTracer('spec').startSpan('whole') as unknown as ReadableSpan & Span;
    await drive(client, 'Get', 'rpc13').ended;
    await telemetry.endedOne(isServer);
    whole.end();
    const points = await telemetry.durations('rpc.server.call.duration');
    const point = points.find(
      ({ attributes }) =>
        attributes['rpc.method'] === 'shop.v1.Orders/Get' &&
        attributes['rpc.status_code'] === 'INTERNAL',
    );
    expect(point?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': 'shop.v1.Orders/Get',
      'rpc.status_code': 'INTERNAL',
      'error.type': 'INTERNAL',
    });
    expect(point?.boundaries.slice(0, 3)).toEqual([0.005, 0.01, 0.025]);
    // The unit is seconds, and the call is no longer than the span around it.
    const around = secondsOf(whole.duration);
    const total = point!.sum / point!.count;
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(around);
  });

  it('keeps the listed metadata, with binary values as base64', async () => {
    const metadata = metadataOf({ 'x-tenant': 'acme', 'x-key-bin': Buffer.from([255, 1]) });
    metadata.add('x-tenant', 'other');
    await drive(client, 'Get', 'ok', metadata).ended;
    const span = await telemetry.endedOne(isServer);
    expect(span.attributes['rpc.request.header.x-tenant']).toEqual(['acme, other']);
    expect(span.attributes['rpc.request.header.x-key-bin']).toEqual(['/wE=']);
  });

  it('names a method of the service even if it has no handler', async () => {
    const code = await new Promise((resolve) => {
      client.Missing({ id: '1' }, (error: { code: number }) => resolve(error.code));
    });
    expect(code).toBe(12);
    const span = await telemetry.endedOne(isServer);
    expect(span.attributes).toMatchObject({
      'rpc.method': 'shop.v1.Orders/Missing',
      'rpc.status_code': 'UNIMPLEMENTED',
    });
    expect(telemetry.spans).toHaveLength(1);
  });

  it('lists the server in the inventory', () => {
    expect(shop.inventory.items()).toEqual([
      { kind: 'instrumented', what: 'gRPC server 127.0.0.1:0', detail: 'calls of every kind' },
    ]);
  });
});
