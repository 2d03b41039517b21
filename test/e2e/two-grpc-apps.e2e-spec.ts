import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { Controller, Module } from '@nestjs/common';
import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, GrpcMethod, Transport } from '@nestjs/microservices';
import type { ClientGrpc, GrpcOptions } from '@nestjs/microservices';
import { OtelModule, tracedGrpcClient, tracedGrpcServer } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { firstValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { drive } from '../../libs/otel/src/rpc/fixtures/drive.js';
import { PROTO, bareClient, portOf } from '../../libs/otel/src/rpc/fixtures/shop.js';

const KINDS = ['', 'INTERNAL', 'SERVER', 'CLIENT'];
const optionsOf = (url: string): GrpcOptions => ({
  transport: Transport.GRPC,
  options: { url, package: 'shop.v1', protoPath: PROTO },
});

interface Orders {
  get(order: object): Observable<object>;
}

@Module({})
class Root {}

useLeakCheck();

it('the spans of each gRPC app in a process have its service name, and so do its calls', async () => {
  const collector = await ScriptedOtlpServer.start();

  // This server is made before any app, and belongs to none.
  const bare = new Server(tracedGrpcServer({}).channelOptions);
  const identity = (bytes: Buffer): Buffer => bytes;
  bare.addService(
    {
      Get: {
        path: '/shop.v1.Orders/Get',
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    },
    {
      Get: (_call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) =>
        reply(null, Buffer.alloc(0)),
    },
  );
  const barePort = await new Promise<number>((resolve, reject) => {
    bare.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  const client = ClientProxyFactory.create(
    tracedGrpcClient(optionsOf(`127.0.0.1:${barePort}`)),
  ) as unknown as ClientGrpc & { close(): void };

  @Controller()
  class Calling {
    @GrpcMethod('Orders', 'Get')
    get(): Promise<object> {
      return firstValueFrom(client.getService<Orders>('Orders').get({}));
    }
  }
  @Controller()
  class Answering {
    @GrpcMethod('Orders', 'Get')
    get(): object {
      return {};
    }
  }

  const apps: INestMicroservice[] = [];
  const start = async (name: string, controller: Type): Promise<number> => {
    const root: DynamicModule = {
      module: Root,
      controllers: [controller],
      imports: [
        OtelModule.forRoot({
          service: { name },
          otlp: { protocol: 'http/protobuf', endpoint: collector.httpUrl, worker: false },
          metrics: { exporters: ['none'] },
          logs: { exporters: ['none'] },
          resource: { detectors: [] },
          diagnostics: { startupReport: false, level: 'none' },
        }),
      ],
    };
    const app = await NestFactory.createMicroservice(root, {
      ...optionsOf('127.0.0.1:0'),
      logger: false,
    });
    await app.listen();
    apps.push(app);
    return portOf(Reflect.get(app, 'serverInstance'));
  };
  const ports = [await start('first', Calling), await start('second', Calling)];
  ports.push(await start('third', Answering));

  const clients = [...ports, barePort].map((port) => bareClient(port));
  for (const each of clients) expect((await drive(each, 'Get', 'ok').ended).code).toBe(0);
  await OtelModule.flush(30_000);

  const told = collector
    .spans()
    .map(({ kind, resource }) => `${resource.attributes['service.name'] as string} ${KINDS[kind]}`);
  expect(told.toSorted()).toEqual([
    'first CLIENT',
    // Calls to the server that belongs to no app: two from apps, and one from outside.
    'first SERVER',
    'first SERVER',
    'first SERVER',
    'first SERVER',
    'second CLIENT',
    'second SERVER',
    'third SERVER',
  ]);
  for (const each of clients) each.close();
  client.close();
  bare.forceShutdown();
  for (const app of apps) await app.close();
  await collector.close();
});
