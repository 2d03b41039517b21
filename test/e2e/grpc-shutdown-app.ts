import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import { OtelModule, ShutdownService } from '@nestlens/otel';
import { Observable } from 'rxjs';
import { PROTO, portOf } from '../../libs/otel/src/rpc/fixtures/shop.js';

// A gRPC service that runs in a child process. It prints each event as a line, and its port when it listens.
// Usage: grpc-shutdown-app.ts <microservice|hybrid> <forced|graceful>
const [kind = 'microservice', close = 'forced'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);
const release = Promise.withResolvers<void>();

@Controller()
class Orders {
  /** Answers once the shutdown waits for it. */
  @GrpcMethod('Orders', 'Get')
  async get(): Promise<object> {
    say('call begun');
    await release.promise;
    return { id: 'answered' };
  }

  /** Never ends. */
  @GrpcMethod('Orders', 'Watch')
  watch(): Observable<object> {
    return new Observable((subscriber) => {
      subscriber.next({ id: 'first' });
      say('call begun');
      return () => say('stream left');
    });
  }
}

@Module({
  imports: [
    OtelModule.forRoot({
      traces: { exporters: ['none'] },
      metrics: { exporters: ['none'] },
      logs: { exporters: ['none'] },
      shutdown: { drainMs: 0, inFlightMs: 1000 },
    }),
  ],
  controllers: [Orders],
})
class Root {}

const options: GrpcOptions = {
  transport: Transport.GRPC,
  options: {
    url: '127.0.0.1:0',
    package: 'shop.v1',
    protoPath: PROTO,
    gracefulShutdown: close === 'graceful',
  },
};

const start = async () => {
  if (kind === 'microservice') {
    const app = await NestFactory.createMicroservice<GrpcOptions>(Root, options);
    app.enableShutdownHooks();
    await app.listen();
    return { app, server: app.getTransportServer() as unknown };
  }
  const app = await NestFactory.create(Root);
  const microservice = app.connectMicroservice<GrpcOptions>(options) as unknown as {
    getTransportServer(): unknown;
  };
  app.enableShutdownHooks();
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, server: microservice.getTransportServer() };
};

const { app, server } = await start();
app.get(ShutdownService).register('in-flight', 'spec', () => {
  say('in-flight');
  // The spec calls again before the first call ends.
  process.stdin.once('data', () => release.resolve()).unref();
});
say(`port ${portOf(server)}`);
