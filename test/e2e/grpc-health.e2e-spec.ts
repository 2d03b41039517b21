import type { Server, UntypedServiceImplementation } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Availability, OtelModule, ShutdownService } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { bareClient, HEALTH_PROTO, PROTO } from '../../libs/otel/src/rpc/fixtures/shop.js';
import { drive } from '../../libs/otel/src/rpc/fixtures/drive.js';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { Inventory } from '../../libs/otel/src/report/inventory.js';
import { HealthClient, KINDS, startGrpcApp } from './grpc-health-app.js';
import type { GrpcApp, GrpcAppParts } from './grpc-health-app.js';

const ORDERS = 'shop.v1.Orders';
const RAW = 'shop.v1.RawOrders';

useLeakCheck();

let running: GrpcApp | undefined;
let asking: HealthClient | undefined;

async function start(
  otel: Parameters<typeof startGrpcApp>[0] = {},
  parts: GrpcAppParts = {},
): Promise<{ app: GrpcApp; client: HealthClient }> {
  running = await startGrpcApp({ shutdown: { drainMs: 0 }, ...otel }, parts);
  asking = new HealthClient(running.port);
  return { app: running, client: asking };
}

afterEach(async () => {
  asking?.close();
  await running?.close();
  running = asking = undefined;
});

describe.each(KINDS)('grpc.health.v1 of a %s', (kind) => {
  it('serves each probe and each proto service, and NOT_FOUND for any other', async () => {
    const { app, client } = await start({}, { kind });
    expect(app.get(Inventory).items()).toContainEqual({
      kind: 'instrumented',
      what: 'gRPC health 127.0.0.1:0',
      detail: 'grpc.health.v1.Health for "", liveness, readiness, startup and each service',
    });
    for (const name of ['', 'liveness', 'readiness', 'startup', ORDERS, RAW]) {
      expect([name, await client.check(name)]).toEqual([name, 'SERVING']);
    }
    for (const name of ['shop.v1.Order', 'Orders', 'constructor', 'grpc.health.v1.Health']) {
      expect([name, await client.check(name)]).toEqual([name, 'code 5']);
    }
    expect(await client.list()).toEqual({
      '': 'SERVING',
      liveness: 'SERVING',
      readiness: 'SERVING',
      startup: 'SERVING',
      [ORDERS]: 'SERVING',
      [RAW]: 'SERVING',
    });
  });

  it('pushes NOT_SERVING at the first step of a shutdown, then ends each stream', async () => {
    const { app, client } = await start({}, { kind, options: { gracefulShutdown: true } });
    const streams = ['', ORDERS, 'liveness', 'no.such.Service'].map((name) => client.watch(name));
    expect(await Promise.all(streams.map((stream) => stream.next()))).toEqual([
      'SERVING',
      'SERVING',
      'SERVING',
      'SERVICE_UNKNOWN',
    ]);
    const drained = Promise.withResolvers<void>();
    app.get(ShutdownService).register('drain', 'spec', () => drained.promise);
    // What the hooks of Nest begin at a signal.
    const served = app.get(ShutdownSequence).begin();
    expect(await streams[0]!.next()).toBe('NOT_SERVING');
    expect(await streams[1]!.next()).toBe('NOT_SERVING');
    expect(await client.check('liveness')).toBe('SERVING');
    expect(await client.check('startup')).toBe('SERVING');
    expect(await client.check('readiness')).toBe('NOT_SERVING');
    expect(await client.check(RAW)).toBe('NOT_SERVING');
    const late = client.watch('readiness');
    expect(await late.next()).toBe('NOT_SERVING');
    drained.resolve();
    for (const stream of [...streams, late]) expect(await stream.next()).toBe('code 14');
    await served;
  });
});

it('close() of a microservice does not wait for open streams, which tryShutdown would', async () => {
  const { app, client } = await start({}, { options: { gracefulShutdown: true } });
  const stream = client.watch('no.such.Service');
  expect(await stream.next()).toBe('SERVICE_UNKNOWN');
  await app.close();
  expect(await stream.next()).toBe('code 14');
});

it('pushes what an indicator and the app say, to each name that it concerns', async () => {
  let state: 'up' | 'down' | 'degraded' = 'up';
  const check = () => ({ state });
  const { app, client } = await start({
    health: { cacheMs: 0, otlp: false, indicators: [{ name: 'stock', check }] },
  });
  const [whole, orders, alive] = ['', ORDERS, 'liveness'].map((name) => client.watch(name));
  for (const stream of [whole, orders, alive]) expect(await stream!.next()).toBe('SERVING');
  state = 'degraded';
  expect(await client.check('')).toBe('SERVING');
  state = 'down';
  expect(await whole!.next()).toBe('NOT_SERVING');
  expect(await orders!.next()).toBe('NOT_SERVING');
  state = 'up';
  expect(await whole!.next()).toBe('SERVING');
  const accept = app.get(Availability).refuse('another instance is the leader');
  expect(await whole!.next()).toBe('NOT_SERVING');
  accept();
  expect(await whole!.next()).toBe('SERVING');
  const repaired = app.get(Availability).breakDown('a consumer is stuck');
  // The first thing that this stream tells: nothing before concerned liveness.
  expect(await alive!.next()).toBe('NOT_SERVING');
  expect(await client.check('readiness')).toBe('SERVING');
  repaired();
  expect(await alive!.next()).toBe('SERVING');
});

it('is NOT_SERVING while a warm-up holds the start, and pushes SERVING at its end', async () => {
  let done = (): void => undefined;
  const before = (get: GrpcApp['get']): void => {
    done = get(Availability).holdStart('the cache warm-up');
  };
  const { client } = await start({ health: { cacheMs: 600_000 } }, { before });
  const streams = ['startup', 'readiness', ORDERS].map((name) => client.watch(name));
  for (const stream of streams) expect(await stream.next()).toBe('NOT_SERVING');
  expect(await client.check('liveness')).toBe('SERVING');
  // The timer of the streams comes in ten minutes here, so it is the change that is told.
  done();
  for (const stream of streams) expect(await stream.next()).toBe('SERVING');
});

it('asks an indicator once for a thousand probes within cacheMs', async () => {
  let asked = 0;
  const check = () => ({ state: (asked += 1) > 0 ? ('up' as const) : ('down' as const) });
  const { client } = await start({
    health: { cacheMs: 600_000, otlp: false, indicators: [{ name: 'stock', check }] },
  });
  const streams = Array.from({ length: 20 }, () => client.watch(''));
  await Promise.all(streams.map((stream) => stream.next()));
  const names = ['', 'readiness', ORDERS, RAW];
  const probes = Array.from({ length: 1000 }, (_, at) => client.check(names[at % 4]!));
  expect(new Set(await Promise.all(probes))).toEqual(new Set(['SERVING']));
  await client.list();
  expect(asked).toBe(1);
});

it('answers INTERNAL to bytes that are no request, and goes on', async () => {
  const { app, client } = await start();
  const raw = bareClient(app.port);
  const identity = (bytes: Buffer): Buffer => bytes;
  const code = await new Promise((resolve) => {
    raw.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      identity,
      identity,
      Buffer.from([0x0a, 99]),
      (error) => resolve(error?.code),
    );
  });
  expect(code).toBe(13);
  expect(await client.check('')).toBe('SERVING');
  raw.close();
});

describe('the health service of the app itself', () => {
  @Controller()
  class OwnHealth {
    @GrpcMethod('Health', 'Check')
    check(): object {
      return { status: 3 };
    }
  }

  it('wins where the app serves its package', async () => {
    const options = { package: ['shop.v1', 'grpc.health.v1'], protoPath: [PROTO, HEALTH_PROTO] };
    const { app, client } = await start({}, { options, controllers: [OwnHealth] });
    expect(app.get(Inventory).items()).toContainEqual({
      kind: 'left-out',
      what: 'gRPC health 127.0.0.1:0',
      why: 'the app serves grpc.health.v1.Health itself',
    });
    expect(await client.check('anything')).toBe('SERVICE_UNKNOWN');
    expect(await client.list()).toBe('code 12');
  });

  it('wins where the app adds it in onLoadPackageDefinition, which is called as before', async () => {
    const definition = loadSync(HEALTH_PROTO)['grpc.health.v1.Health'] as never;
    const Check = (_: unknown, reply: (error: null, value: object) => void): void =>
      reply(null, { status: 2 });
    const onLoadPackageDefinition = (_: unknown, server: Server): void =>
      server.addService(definition, { Check } as unknown as UntypedServiceImplementation);
    const { client } = await start({}, { options: { onLoadPackageDefinition } });
    expect(await client.check('anything')).toBe('NOT_SERVING');
  });

  it('is not there where the app only loads its file', async () => {
    const { client } = await start({}, { options: { protoPath: [PROTO, HEALTH_PROTO] } });
    expect(await client.check(ORDERS)).toBe('SERVING');
    expect(await client.check('grpc.health.v1.Health')).toBe('code 5');
  });
});

it.each([{ grpc: false }, { enabled: false }])('serves nothing with %j', async (health) => {
  const { client } = await start({ health });
  expect(await client.check('')).toBe('code 12');
});

it('leaves no span and no metric of its calls, beside those of the app', async () => {
  const collector = await ScriptedOtlpServer.start();
  const { app, client } = await start({
    otlp: { protocol: 'http/protobuf', endpoint: collector.httpUrl, worker: false },
    traces: { exporters: ['otlp'] },
    metrics: { exporters: ['otlp'] },
  });
  const stream = client.watch('');
  await stream.next();
  for (const name of ['', 'no.such.Service']) await client.check(name);
  await client.list();
  stream.cancel();
  expect(await stream.next()).toBe('code 1');
  const orders = bareClient(app.port);
  expect((await drive(orders, 'Get', 'ok').ended).code).toBe(0);
  orders.close();
  await OtelModule.flush(30_000);
  expect(collector.spans().map(({ name }) => name)).toEqual(['shop.v1.Orders/Get']);
  client.close();
  await app.close();
  await collector.close();
});
