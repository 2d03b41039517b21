import type { INestApplication, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ShutdownService } from '@nestlens/otel';
import type { HandledPhaseName } from '@nestlens/otel';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { useLeakCheck } from '@nestlens/testing';
import { ServiceState } from '../../libs/otel/src/lifecycle/service-state.js';
import { FLUSH_STEPS, ShutdownPhases } from '../../libs/otel/src/lifecycle/shutdown-phases.js';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { createApp, rootModule } from './health-app.js';

const HANDLED: readonly HandledPhaseName[] = [
  'readiness-off',
  'drain',
  'stop-intake',
  'in-flight',
  'flush',
  'exit',
];

/** Returns the parts that the last shutdown reported as left. */
const leftOf = (app: INestApplication): string[] =>
  app.get(ShutdownSequence).reports.flatMap((report) => [...report.left]);

useLeakCheck();

describe('the flush', () => {
  it('runs in steps, and leaves time to later steps if one hangs', async () => {
    const app = await createApp('express', { shutdown: { flushMs: 100 } });
    const order: string[] = [];
    const phases = app.get(ShutdownPhases);
    phases.register('flush', 'close', () => order.push('close'), FLUSH_STEPS.close);
    phases.register('flush', 'metrics', () => order.push('metrics'), FLUSH_STEPS.metrics);
    phases.register('flush', 'traces', () => new Promise(() => {}), FLUSH_STEPS.signals);
    phases.register('flush', 'logs', () => order.push('logs'), FLUSH_STEPS.signals);
    app.get(ShutdownService).register('flush', 'user', () => order.push('user'));
    await app.init();
    await app.close();
    // Logs are flushed once before Nest closes its servers, and once in the flush itself.
    expect(order).toEqual(['logs', 'user', 'logs', 'metrics', 'close']);
    expect(leftOf(app)).toEqual(['traces did not end']);
    const flush = app.get(ShutdownSequence).reports.find(({ phase }) => phase === 'flush');
    expect(flush?.outcome).toBe('overran');
  });

  it('comes after the span of the shutdown, which has an event for each earlier phase', async () => {
    const exporter = new InMemorySpanExporter();
    const app = await createApp('express', {
      traces: { exporters: ['none'], processors: [new SimpleSpanProcessor({ exporter })] },
      shutdown: { stopIntakeMs: 10 },
    });
    const shutdown = app.get(ShutdownService);
    shutdown.register('stop-intake', 'queue', () => new Promise(() => {}));
    let atFlush: ReadableSpan[] = [];
    shutdown.register('flush', 'test', () => {
      atFlush = exporter.getFinishedSpans();
    });
    await app.init();
    await app.close();
    expect(atFlush.map(({ name }) => name)).toEqual(['nestjs.shutdown']);
    const [span] = atFlush;
    expect(span?.status.message).toBe('stop-intake overran');
    expect(span?.events.map(({ attributes }) => attributes?.['nestjs.shutdown.phase'])).toEqual([
      'readiness-off',
      'drain',
      'stop-intake',
      'in-flight',
      'hooks',
    ]);
    expect(span?.events[2]?.attributes).toMatchObject({
      'nestjs.shutdown.outcome': 'overran',
      'nestjs.shutdown.left': ['queue did not end'],
    });
  });
});

describe('the flush before Nest closes its servers', () => {
  const entry = new URL('./source-worker.mjs', import.meta.url);
  /** Counts the flushes of traces and logs in a shutdown. */
  const flushesOf = async (app: INestApplicationContext): Promise<number> => {
    let flushes = 0;
    const count = () => (flushes += 1);
    app.get(ShutdownPhases).register('flush', 'count', count, FLUSH_STEPS.signals);
    await app.close();
    return flushes;
  };
  const otlp = (worker: false | { entry: URL }) => ({
    // Nobody listens at this port.
    otlp: { endpoint: 'http://127.0.0.1:9', worker },
    traces: { exporters: ['otlp'] as const },
  });

  it.each([
    ['if nothing can be sent at an exit', otlp(false), 2],
    ['not if a worker can send at an exit', otlp({ entry }), 1],
  ])('is made %s', async (_what, options, times) => {
    const app = await createApp('express', options);
    await app.init();
    expect(await flushesOf(app)).toBe(times);
  });

  it('is not made for an application context, which has no server', async () => {
    const root = rootModule(otlp(false));
    const context = await NestFactory.createApplicationContext(root, { logger: false });
    expect(await flushesOf(context)).toBe(1);
  });
});

describe('an application context', () => {
  it('runs the phases in order too', async () => {
    const context = await NestFactory.createApplicationContext(rootModule(), { logger: false });
    expect(context.get(ServiceState).name).toBe('ready');
    const order: string[] = [];
    for (const phase of HANDLED) {
      context.get(ShutdownService).register(phase, phase, () => order.push(phase));
    }
    await context.close();
    expect(order).toEqual(HANDLED);
  });
});
