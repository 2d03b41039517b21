import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Session } from 'node:inspector/promises';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { INestApplication } from '@nestjs/common';
import { flush } from './wiring.js';
import type { Wiring } from './wiring.js';
import type { worksOf } from './work.js';

export type ToServer =
  | { readonly kind: 'usage' }
  | { readonly kind: 'flush' }
  /** Needs --expose-gc where it should collect garbage first. */
  | { readonly kind: 'heap'; readonly collect: boolean }
  | { readonly kind: 'profile'; readonly on: boolean }
  /** Do this so many times; `port` is that of the service that is asked. */
  | {
      readonly kind: 'work';
      readonly work: 'span' | 'fetch';
      readonly count: number;
      readonly port: number;
    };

/** What the operating system accounts to the process, all threads of it, since it was started. */
export interface Usage {
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly rssBytes: number;
}

const usage = (): Usage => {
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  return {
    cpuUs: all.user + all.system,
    mainUs: main.user + main.system,
    rssBytes: process.memoryUsage.rss(),
  };
};

export interface Heap {
  readonly usedBytes: number;
  /** Collections of garbage since the last one that was asked for. */
  readonly collections: number;
}

let collections = 0;
const collector = new PerformanceObserver((list) => (collections += list.getEntries().length));

async function heap(collect: boolean): Promise<Heap> {
  if (!collect) {
    const usedBytes = getHeapStatistics().used_heap_size;
    // The observer hears of a collection a turn later.
    await setImmediate();
    await setImmediate();
    return { usedBytes, collections };
  }
  collector.observe({ entryTypes: ['gc'] });
  globalThis.gc?.();
  await setImmediate();
  await setImmediate();
  collections = 0;
  return { usedBytes: getHeapStatistics().used_heap_size, collections };
}

let session: Session | undefined;

async function profile(on: boolean): Promise<unknown> {
  if (on) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
    return 'profiling';
  }
  const stopped = await session?.post('Profiler.stop');
  session?.disconnect();
  return stopped?.profile;
}

let works: ReturnType<typeof worksOf> | undefined;

async function answer(message: ToServer, wiring: Wiring): Promise<unknown> {
  switch (message.kind) {
    case 'usage':
      return usage();
    case 'flush':
      await flush();
      return 'flushed';
    case 'heap':
      return heap(message.collect);
    case 'work': {
      // A service that does none of this does not load it.
      works ??= (await import('./work.js')).worksOf(wiring);
      await works[message.work](message.count, message.port);
      return 'done';
    }
    default:
      return profile(message.on);
  }
}

/** Tells the parent where the server listens, then answers what it asks, and ends with it. */
export function attend(app: INestApplication, wiring: Wiring, grpcPort: number): void {
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  process.on('message', (message: ToServer) => {
    answer(message, wiring).then(
      (said) => process.send?.(said),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.on('disconnect', () => {
    app.close().then(
      () => process.exit(),
      () => process.exit(1),
    );
  });
  process.send?.({ port, grpcPort, ...usage() });
}
