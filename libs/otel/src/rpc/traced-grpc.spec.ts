import { Controller, Injectable, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Metadata, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import {
  Client,
  ClientProxyFactory,
  ClientsModule,
  ServerGrpc,
  Transport,
} from '@nestjs/microservices';
import type { ClientGrpc, GrpcOptions } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { firstValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { recordTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { drive } from './fixtures/drive.js';
import { bareClient, PROTO, RpcModule, serverOptions, startShop } from './fixtures/shop.js';
import type { Order, Shop } from './fixtures/shop.js';
import { Telemetry } from './fixtures/telemetry.js';
import { tracedGrpcClient, tracedGrpcServer } from './traced-grpc.js';
import { Inventory } from '../report/inventory.js';

interface Orders {
  get(order: object, metadata?: Metadata): Observable<Order>;
}

const telemetry = new Telemetry(() =>
  recordTelemetry({ contextManager: new AsyncContextManager() }),
);
const kinds = (spans: readonly ReadableSpan[]): SpanKind[] => spans.map(({ kind }) => kind);
const clientOptions = (port: number): GrpcOptions => ({
  transport: Transport.GRPC,
  options: { url: `127.0.0.1:${port}`, package: 'shop.v1', protoPath: PROTO },
});

beforeAll(() => telemetry.start());
afterEach(() => telemetry.reset());
afterAll(() => telemetry.stop());

describe('tracedGrpcServer', () => {
  it('makes no second span if the server is instrumented anyway', async () => {
    const shop = await startShop({ options: tracedGrpcServer(serverOptions) });
    const client = bareClient(shop.port);
    await drive(client, 'Get', 'ok').ended;
    await drive(client, 'Chat', 'ok').ended;
    const spans = await telemetry.ended(() => true, 2);
    expect(spans.map(({ name }) => name)).toEqual(['shop.v1.Orders/Get', 'shop.v1.Orders/Chat']);
    client.close();
    await shop.close();
  });

  it('accepts both forms of options, and keeps other interceptors', () => {
    const others = [() => {}];
    const options = { url: 'x', channelOptions: { interceptors: others, 'grpc.foo': 1 } };
    const twice = tracedGrpcServer(tracedGrpcServer({ transport: 5, options }));
    expect(twice.options.channelOptions.interceptors).toHaveLength(2);
    expect(twice.options.channelOptions.interceptors.at(1)).toBe(others[0]);
    expect(twice.options.channelOptions['grpc.foo']).toBe(1);
    expect(options.channelOptions.interceptors).toBe(others);
  });

  it('traces a bare grpc-js server while an app runs, and passes calls through before and after', async () => {
    const server = new Server(tracedGrpcServer({}).channelOptions);
    const identity = (bytes: Buffer): Buffer => bytes;
    const get = {
      path: '/shop.v1.Orders/Get',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    server.addService(
      { Get: get },
      {
        Get: (_call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) =>
          reply(null, Buffer.alloc(0)),
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const client = bareClient(port);
    expect((await drive(client, 'Get', 'ok').ended).code).toBe(0);
    const app = await NestFactory.createApplicationContext(RpcModule.of(), { logger: false });
    expect((await drive(client, 'Get', 'ok').ended).code).toBe(0);
    await app.close();
    expect((await drive(client, 'Get', 'ok').ended).code).toBe(0);
    expect(telemetry.spans.map(({ name }) => name)).toEqual(['shop.v1.Orders/Get']);
    client.close();
    server.forceShutdown();
  });
});

describe('a gRPC transport that cannot be instrumented', () => {
  it('is reported at the start, with the remedy', async () => {
    class Closed extends ServerGrpc {
      constructor() {
        super(serverOptions);
        Object.defineProperty(this, 'options', { value: undefined });
      }
      override listen(callback: () => void): Promise<void> {
        callback();
        return Promise.resolve();
      }
    }
    @Module({ imports: [RpcModule.of()] })
    class AppModule {}
    const app = await NestFactory.createMicroservice(AppModule, {
      strategy: new Closed(),
      logger: false,
    });
    await app.listen();
    expect(app.get(Inventory, { strict: false }).items()).toEqual([
      {
        kind: 'left-out',
        what: 'gRPC server 127.0.0.1:0',
        why: expect.stringContaining('tracedGrpcServer'),
      },
    ]);
    await app.close();
  });
});

describe('tracedGrpcClient', () => {
  let shop: Shop;
  let app: INestApplication;
  let clients: ReadonlyMap<string, ClientGrpc>;

  beforeAll(async () => {
    shop = await startShop();
    const options = clientOptions(shop.port);

    @Controller()
    class Property {
      @Client(options)
      readonly client!: ClientGrpc;
    }

    @Injectable()
    class Maker {
      readonly client = ClientProxyFactory.create(
        tracedGrpcClient(options),
      ) as unknown as ClientGrpc & { close(): void };
    }

    @Module({
      imports: [
        RpcModule.of(),
        ClientsModule.registerAsync([
          { name: 'BOTH', useFactory: () => tracedGrpcClient(clientOptions(shop.port)) },
          { name: 'SERVER-OPTIONS', useFactory: () => tracedGrpcServer(clientOptions(shop.port)) },
        ]),
      ],
      controllers: [Property],
      providers: [Maker],
    })
    class ClientApp {}

    app = await NestFactory.create(ClientApp, { logger: false });
    await app.init();
    clients = new Map([
      ['from @Client()', app.get(Property).client],
      ['made by hand', app.get(Maker).client],
      ['from ClientsModule', app.get('BOTH')],
      ['with options of tracedGrpcServer()', app.get('SERVER-OPTIONS')],
    ]);
  });

  afterAll(async () => {
    (clients.get('made by hand') as unknown as { close(): void }).close();
    await app.close();
    await shop.close();
  });

  it.each([
    'from @Client()',
    'made by hand',
    'from ClientsModule',
    'with options of tracedGrpcServer()',
  ])('gives a client %s one span for each call', async (name) => {
    const orders = clients.get(name)!.getService<Orders>('Orders');
    await firstValueFrom(orders.get({}));
    const spans = await telemetry.ended(() => true, 2);
    expect(kinds(spans)).toEqual([SpanKind.SERVER, SpanKind.CLIENT]);
  });

  it('adds itself to the interceptor providers of a client that has some', async () => {
    let ran = 0;
    const provider = () => (options: unknown, next: (options: unknown) => unknown) => {
      ran += 1;
      return next(options);
    };
    const options = clientOptions(shop.port);
    options.options.channelOptions = { interceptor_providers: [provider] } as never;
    const client = ClientProxyFactory.create(tracedGrpcClient(options)) as unknown as ClientGrpc & {
      close(): void;
    };
    await firstValueFrom(client.getService<Orders>('Orders').get({}));
    const spans = await telemetry.ended(() => true, 2);
    expect([ran, spans.length]).toEqual([1, 2]);
    client.close();
  });
});
