import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { drive, hanging } from './fixtures/drive.js';
import { bareClient, metadataOf, serverOptions, startShop } from './fixtures/shop.js';
import type { BareClient, Shop } from './fixtures/shop.js';
import { Telemetry } from './fixtures/telemetry.js';

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const isServer = (span: ReadableSpan): boolean => span.kind === SpanKind.SERVER;
const VALID = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A call over plain HTTP/2, which can be invalid. Resolves with the gRPC status, or else with the HTTP status. */
const raw = (
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string | string[]> = {},
  body = Buffer.from([0, 0, 0, 0, 0]),
): Promise<string> =>
  new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let status = '';
    stream.on('response', (sent) => {
      status = String(sent['grpc-status'] ?? sent[':status']);
    });
    stream.on('trailers', (sent) => {
      status = String(sent['grpc-status']);
    });
    stream.on('close', () => resolve(status));
    stream.on('error', reject);
    stream.resume();
    stream.end(body);
  });

describe('a gRPC server with bad input', () => {
  let shop: Shop;
  let client: BareClient;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    // grpc-js prints a line for each invalid header.
    setLogVerbosity(logVerbosity.NONE);
    telemetry.start();
    shop = await startShop();
    client = bareClient(shop.port);
    session = connect(`http://127.0.0.1:${shop.port}`);
  });

  afterEach(() => telemetry.reset());

  afterAll(async () => {
    session.destroy();
    client.close();
    await shop.close();
    await telemetry.stop();
  });

  it('records 1000 unknown methods under one name', async () => {
    const calls = Array.from({ length: 1000 }, (_, at) =>
      raw(session, `/shop.v1.Orders/Guess${at}`, { traceparent: VALID }),
    );
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['12']));
    const spans = await telemetry.ended(isServer, 1000);
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['grpc']));
    expect(spans[7]?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': '_OTHER',
      'rpc.method_original': expect.stringMatching(/^shop\.v1\.Orders\/Guess\d+$/),
      'rpc.status_code': 'UNIMPLEMENTED',
      'error.type': 'UNIMPLEMENTED',
    });
    expect(spans[7]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    const points = await telemetry.durations('rpc.server.call.duration');
    const others = points.filter(({ attributes }) => attributes['rpc.method'] === '_OTHER');
    expect(others.map(({ count }) => count)).toEqual([1000]);
  });

  it('cuts the name of an unknown method', async () => {
    await raw(session, `/${'m'.repeat(5000)}`);
    const span = await telemetry.endedOne(isServer);
    expect(span.attributes['rpc.method_original']).toHaveLength(255);
  });

  it('makes no span for a request that is not gRPC', async () => {
    expect(await raw(session, '/wp-login.php', { 'content-type': 'text/html' })).toBe('415');
    await drive(client, 'Get', 'ok').ended;
    await telemetry.ended(isServer);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['shop.v1.Orders/Get']);
  });

  it('makes no telemetry for health checks, and suppresses it in their handlers', async () => {
    const health = bareClient(shop.port, 'Health');
    const answer = await new Promise<{ status: number }>((resolve) => {
      health.Check({}, (_error: unknown, reply: { status: number }) => resolve(reply));
    });
    expect(answer.status).toBe(1);
    await raw(session, '/grpc.health.v1.Health/Watch');
    await drive(client, 'Get', 'ok').ended;
    await telemetry.ended(isServer);
    expect(telemetry.spans).toHaveLength(1);
    const points = await telemetry.durations('rpc.server.call.duration');
    expect(
      points.some(({ attributes }) => String(attributes['rpc.method']).includes('Health')),
    ).toBe(false);
    health.close();
  });

  it.each([
    ['repeated', { traceparent: [VALID, VALID.replace('0af7', '0af8')] }],
    ['upper case', { traceparent: VALID.toUpperCase() }],
    ['not ASCII', { traceparent: 'ÿþ-é' }],
    ['empty', { traceparent: '' }],
    ['binary', { 'traceparent-bin': Buffer.from(VALID).toString('base64') }],
    ['broken baggage', { baggage: ',,=;;%zz=%%%' }],
  ])('starts a new trace if the context is %s', async (_name, headers) => {
    expect(await raw(session, '/shop.v1.Orders/Get', headers)).toBe('0');
    const span = await telemetry.endedOne(isServer);
    expect(span.parentSpanContext).toBeUndefined();
  });

  it.each([
    ['99999999H', '4'],
    ['0n', '4'],
    ['garbage', '13'],
  ])('makes one span for the grpc-timeout %s', async (timeout, status) => {
    const seen = await raw(session, '/shop.v1.Orders/Get', { 'grpc-timeout': timeout });
    const span = await telemetry.endedOne(isServer);
    expect(['0', status]).toContain(seen);
    expect(span.attributes['rpc.status_code']).toBe(
      { 0: 'OK', 4: 'DEADLINE_EXCEEDED', 13: 'INTERNAL' }[Number(seen)],
    );
    expect(shop.inFlight.count).toBe(0);
  });

  it('records calls that grpc-js refuses itself', async () => {
    const head = Buffer.from([0, 0, 80, 0, 1]);
    const tooLarge = Buffer.concat([head, Buffer.alloc(5 * 1024 * 1024 + 1)]);
    expect(await raw(session, '/shop.v1.Orders/Get', {}, tooLarge)).toBe('8');
    const span = await telemetry.endedOne(isServer);
    expect(span.attributes['rpc.status_code']).toBe('RESOURCE_EXHAUSTED');
    await telemetry.reset();
    const noOrder = Buffer.from([0, 0, 0, 0, 2, 255, 255]);
    expect(await raw(session, '/shop.v1.Orders/Get', {}, noOrder)).toBe('13');
    const unread = await telemetry.endedOne(isServer);
    expect(unread.status.message).toBe('Error deserializing request');
  });

  it('cuts long status messages', async () => {
    await drive(client, 'Watch', 'huge').ended;
    const span = await telemetry.endedOne(isServer);
    expect(span.status.message).toHaveLength(1024);
  });
});

describe('the end of a gRPC server', () => {
  beforeAll(() => telemetry.start());
  afterEach(() => telemetry.reset());
  afterAll(() => telemetry.stop());

  it('ends the span of each running call once', async () => {
    const shop = await startShop();
    const client = bareClient(shop.port);
    const first = hanging();
    const get = drive(client, 'Get', 'hang');
    await first;
    const second = hanging();
    const watch = drive(client, 'Watch', 'endless');
    await second;
    const work = shop.inFlight;
    expect(work.count).toBe(2);
    await shop.close();
    await Promise.all([get.ended, watch.ended]);
    expect(telemetry.spans.map(({ attributes }) => attributes['rpc.status_code'])).toEqual([
      'CANCELLED',
      'CANCELLED',
    ]);
    expect(work.count).toBe(0);
    client.close();
  });

  it('does not change the options object of the app', async () => {
    const channelOptions = Object.freeze({ 'grpc.max_concurrent_streams': 50 });
    const options = Object.freeze({ ...serverOptions, channelOptions });
    const shop = await startShop({ options });
    const client = bareClient(shop.port);
    await drive(client, 'Get', 'ok').ended;
    await telemetry.ended(isServer);
    expect(options.channelOptions).toEqual({ 'grpc.max_concurrent_streams': 50 });
    client.close();
    await shop.close();
  });

  it('is not disturbed by a tracer, meter and propagator that throw', () =>
    telemetry.whileBroken(async () => {
      const shop = await startShop();
      const client = bareClient(shop.port);
      expect((await drive(client, 'Chat', 'ok').ended).code).toBe(0);
      expect((await drive(client, 'Get', 'rpc5').ended).code).toBe(5);
      expect(shop.inFlight.count).toBe(0);
      client.close();
      await shop.close();
    }));

  it('records nothing if the server instrumentation is off', async () => {
    const shop = await startShop({ rpc: { server: false } });
    const client = bareClient(shop.port);
    const { replies } = await drive(client, 'Get', 'ok', metadataOf({ traceparent: VALID })).ended;
    expect(replies).toEqual(['//']);
    expect(telemetry.spans).toEqual([]);
    client.close();
    await shop.close();
  });

  it.each([
    ['logs', 0, 1],
    ['logs/dup', 1, 1],
  ])('records exceptions as log records with %s', async (optIn, events, records) => {
    const shop = await startShop({ env: { OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: optIn } });
    const client = bareClient(shop.port);
    await drive(client, 'Get', 'error').ended;
    const span = await telemetry.endedOne(isServer);
    expect(span.events).toHaveLength(events);
    const told = telemetry.logs;
    expect(told).toHaveLength(records);
    expect(told[0]).toMatchObject({
      eventName: 'rpc.server.call.exception',
      severityNumber: 17,
      attributes: { 'exception.type': 'OutOfPaper', 'exception.message': 'no paper' },
      spanContext: { spanId: span.spanContext().spanId },
    });
    client.close();
    await shop.close();
  });

  it('does not use the context in which the server was started as parent', async () => {
    const shop = await context.with(
      trace.setSpan(ROOT_CONTEXT, trace.getTracer('spec').startSpan('start-up')),
      () => startShop(),
    );
    const client = bareClient(shop.port);
    await drive(client, 'Get', 'ok').ended;
    const span = await telemetry.endedOne(isServer);
    expect(span.parentSpanContext).toBeUndefined();
    client.close();
    await shop.close();
  });
});
