// The server of every subject: `node main.js`, with BENCH_ADAPTER and BENCH_WIRING. What differs is in `wirings`.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { attend } from './attend.js';
import { AppModule } from './app.module.js';
import type { Wiring } from './wiring.js';

async function adapter() {
  if (process.env['BENCH_ADAPTER'] === 'fastify') {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    return new FastifyAdapter();
  }
  const { ExpressAdapter } = await import('@nestjs/platform-express');
  return new ExpressAdapter();
}

async function wiringOf(name: string | undefined): Promise<Wiring> {
  if (name === undefined) return {};
  const { wiring } = (await import(`./wirings/${name}`)) as { wiring: Wiring };
  return wiring;
}

async function grpcModules() {
  if (process.env['BENCH_GRPC'] !== 'true') return [];
  const { GrpcModule } = await import('./grpc.js');
  return [GrpcModule];
}

/** Returns the port on which the app also answers gRPC. */
async function serveGrpc(hybrid: INestApplication): Promise<number> {
  const { connectGrpc } = await import('./grpc.js');
  return connectGrpc(hybrid);
}

const wiring = await wiringOf(process.env['BENCH_WIRING']);
const app = await NestFactory.create(
  AppModule.with([...(wiring.imports ?? []), ...(await grpcModules())]),
  await adapter(),
  wiring.options ?? {},
);
wiring.prepare?.(app);
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
const grpcPort = process.env['BENCH_GRPC'] === 'true' ? await serveGrpc(app) : 0;
await app.listen(0, '127.0.0.1');
attend(app, wiring, grpcPort);
