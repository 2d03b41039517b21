import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  GrpcMethod,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import type { ClientGrpcProxy, ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { SpanKind } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { useLeakCheck } from '@nestlens/testing';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { OtelModule } from '../otel.module.js';
import { PROTO } from '../rpc/fixtures/shop.js';
import { CurrentSpan } from './current-span.decorator.js';

const nameOf = (span: Span | undefined): string =>
  span === undefined ? 'none' : (span as Span & { name: string; kind: SpanKind }).name;

@Controller()
class OrdersController {
  @Get('orders')
  list(@CurrentSpan() span: Span | undefined): string {
    return nameOf(span);
  }
  @Get('internal')
  internal(@CurrentSpan() span: Span | undefined): string {
    return nameOf(span);
  }
  @GrpcMethod('Orders', 'Get')
  find(@Payload() _order: object, @CurrentSpan() span: Span | undefined): { id: string } {
    return { id: nameOf(span) };
  }
  @MessagePattern('find')
  message(@Payload() _order: object, @CurrentSpan() span: Span | undefined): string {
    return nameOf(span);
  }
}

const off = {
  traces: { exporters: ['none'] },
  metrics: { exporters: ['none'], runtime: false },
  logs: { exporters: ['none'] },
  resource: { detectors: [] },
  diagnostics: { startupReport: false },
} as const;

@Module({
  imports: [OtelModule.forRoot({ ...off, http: { ignore: ['/internal'] } })],
  controllers: [OrdersController],
})
class Traced {}
@Module({ controllers: [OrdersController] })
class Untraced {}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const grpcOn = (url: string) => ({
  transport: Transport.GRPC as const,
  options: { package: 'shop.v1', protoPath: PROTO, url },
});

interface Running {
  readonly app: INestApplication;
  readonly text: (path: string) => Promise<string>;
  readonly grpc: ClientGrpcProxy;
  readonly tcp: ClientProxy;
}

const start = async (root: new () => object): Promise<Running> => {
  const app = await NestFactory.create(root, { logger: false });
  const tcp = {
    transport: Transport.TCP as const,
    options: { host: '127.0.0.1', port: await freePort() },
  };
  const grpc = grpcOn(`127.0.0.1:${await freePort()}`);
  app.connectMicroservice<MicroserviceOptions>(tcp, { inheritAppConfig: true });
  app.connectMicroservice<MicroserviceOptions>(grpc, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    text: async (path) =>
      (await fetch(`${url}${path}`, { headers: { connection: 'close' } })).text(),
    grpc: ClientProxyFactory.create(grpc),
    tcp: ClientProxyFactory.create(tcp),
  };
};

const asked = async ({ text, grpc, tcp }: Running): Promise<Record<string, string>> => {
  const orders = grpc.getService<{ get(order: object): Observable<{ id: string }> }>('Orders');
  return {
    http: await text('/orders'),
    ignored: await text('/internal'),
    grpc: (await firstValueFrom(orders.get({ id: '1' }))).id,
    message: await firstValueFrom(tcp.send<string>('find', {})),
  };
};

const close = async ({ app, grpc, tcp }: Running): Promise<void> => {
  grpc.close();
  tcp.close();
  await app.close();
};

useLeakCheck();

describe('@CurrentSpan', () => {
  it.each([
    [
      'gives the span of the request or call, and undefined if there is none',
      Traced,
      { http: 'GET /orders', ignored: 'none', grpc: 'shop.v1.Orders/Get', message: 'none' },
    ],
    [
      'gives undefined in an app without OtelModule',
      Untraced,
      { http: 'none', ignored: 'none', grpc: 'none', message: 'none' },
    ],
  ])('%s', async (_, root, expected) => {
    const running = await start(root);
    try {
      expect(await asked(running)).toEqual(expected);
    } finally {
      await close(running);
    }
  });
});
