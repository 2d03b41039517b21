// The server of every subject: `node main.js`, with BENCH_ADAPTER and BENCH_WIRING. What differs is in `wirings`.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
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

const wiring = await wiringOf(process.env['BENCH_WIRING']);
const app = await NestFactory.create(
  AppModule.with(wiring.imports ?? []),
  await adapter(),
  wiring.options ?? {},
);
wiring.prepare?.(app);
app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
await app.listen(0, '127.0.0.1');
attend(app);
