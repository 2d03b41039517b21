import { once } from 'node:events';
import { Agent } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { Controller, Get, Sse } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { interval } from 'rxjs';
import { ShutdownService } from '@nestlens/otel';
import type { HandledPhaseName, OtelModuleOptions } from '@nestlens/otel';
import { useLeakCheck } from '@nestlens/testing';
import { HttpServerInstrumentation } from '../../libs/otel/src/http/http-server.instrumentation.js';
import { ServiceState } from '../../libs/otel/src/lifecycle/service-state.js';
import { ShutdownSequence } from '../../libs/otel/src/lifecycle/shutdown-sequence.js';
import { PLATFORMS, ask, createApp, portOf } from './health-app.js';
import type { Answer } from './health-app.js';

const HANDLED: readonly HandledPhaseName[] = [
  'readiness-off',
  'drain',
  'stop-intake',
  'in-flight',
  'flush',
  'exit',
];

/** Handlers wait on these until a spec releases them. */
let gate = Promise.withResolvers<string>();
let entered = Promise.withResolvers<void>();

@Controller()
class WorkController {
  @Get('fast')
  fast(): string {
    return 'done';
  }

  @Get('slow')
  slow(): Promise<string> {
    entered.resolve();
    return gate.promise;
  }

  @Sse('events')
  events() {
    entered.resolve();
    return interval(10);
  }
}

/** Returns the parts that the last shutdown reported as left. */
const leftOf = (app: INestApplication): string[] =>
  app.get(ShutdownSequence).reports.flatMap((report) => [...report.left]);

useLeakCheck();

describe.each(PLATFORMS)('shutdown on %s', (platform) => {
  beforeEach(() => {
    gate = Promise.withResolvers();
    entered = Promise.withResolvers();
  });

  async function listening(
    shutdown: OtelModuleOptions['shutdown'] = {},
    ...providers: object[]
  ): Promise<INestApplication> {
    const app = await createApp(
      platform,
      { shutdown },
      {
        controllers: [WorkController],
        providers: providers.map((value, index) => ({ provide: `P${index}`, useValue: value })),
      },
    );
    await app.listen(0, '127.0.0.1');
    return app;
  }

  it('runs the phases once, in order around the hooks of Nest, however often close() is called', async () => {
    const order: string[] = [];
    const app = await listening(
      {},
      {
        onModuleDestroy: () => order.push('onModuleDestroy'),
        beforeApplicationShutdown: () => order.push('beforeApplicationShutdown'),
        onApplicationShutdown: () => order.push('onApplicationShutdown'),
      },
    );
    for (const phase of HANDLED) {
      app.get(ShutdownService).register(phase, phase, () => order.push(phase));
    }
    await Promise.all([app.close(), app.close()]);
    expect(order).toEqual([
      'readiness-off',
      'drain',
      'stop-intake',
      'in-flight',
      'onModuleDestroy',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
      'flush',
      'exit',
    ]);
    expect(app.get(ServiceState).name).toBe('stopped');
    await app.close();
    expect(order.filter((name) => name === 'flush')).toHaveLength(1);
  });

  it('resets none of 40 keep-alive clients', async () => {
    const app = await listening({ drainMs: 1000 });
    const port = portOf(app);
    const failures: unknown[] = [];
    let warm = 0;
    const allWarm = Promise.withResolvers<void>();
    // Like a load balancer's client, it stops when it is told that the connection closes.
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let turn = 0; ; turn += 1) {
        const answer = await ask(port, '/fast', { agent }).catch((error: unknown) => error);
        if ((answer as Answer).status !== 200) failures.push(answer);
        if (turn === 3 && (warm += 1) === 40) allWarm.resolve();
        if ((answer as Answer).headers?.connection !== 'keep-alive') break;
      }
      agent.destroy();
    };
    const clients = Array.from({ length: 40 }, client);
    await allWarm.promise;
    await Promise.all([app.close(), ...clients]);
    expect(failures).toEqual([]);
  });

  it.each([true, false])('ends a slow request before any hook (counted: %s)', async (counted) => {
    const order: string[] = [];
    const app = await createApp(
      platform,
      {},
      {
        controllers: [WorkController],
        providers: [
          { provide: 'P', useValue: { onModuleDestroy: () => order.push('onModuleDestroy') } },
        ],
      },
    );
    // This simulates broken instrumentation of requests: then only the connections show them.
    if (!counted) app.get(HttpServerInstrumentation).disable();
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as Server;
    server.on('request', (_, res) => res.once('close', () => order.push('answered')));
    const agent = new Agent({ keepAlive: true });
    const slow = ask(portOf(app), '/slow', { agent });
    await entered.promise;
    const waiting = new Promise((resolve) => {
      app.get(ShutdownService).register('in-flight', 'test', resolve);
    });
    const closed = app.close();
    await waiting;
    gate.resolve('late');
    const answer = await slow;
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    await closed;
    expect(order).toEqual(['answered', 'onModuleDestroy']);
    expect(leftOf(app)).toEqual([]);
    agent.destroy();
  });

  it('bounds a request that hangs, and reports its route', async () => {
    const app = await listening({ inFlightMs: 50 });
    const hanging = ask(portOf(app), '/slow').catch((error: Error) => error.message);
    await entered.promise;
    await app.close();
    await expect(hanging).resolves.toBe('socket hang up');
    expect(leftOf(app)).toContain('requests: 1 in flight, oldest GET /slow');
  });

  it('bounds streams and connections that never send a request', async () => {
    const app = await listening({ inFlightMs: 50 });
    const silent = connect(portOf(app), '127.0.0.1');
    const half = connect(portOf(app), '127.0.0.1', () => half.write('GET /fast HTTP/1.1\r\nHo'));
    const stream = ask(portOf(app), '/events').catch((error: Error) => error.message);
    const ends = [silent, half].map((socket) =>
      once(
        socket.on('error', () => {}),
        'close',
      ),
    );
    await entered.promise;
    await app.close();
    await Promise.all(ends);
    await expect(stream).resolves.toMatch(/aborted|hang up/);
  });

  it('goes on if handlers throw, reject or hang', async () => {
    const app = await listening({ drainMs: 0, flushMs: 60, stopIntakeMs: 20 });
    const ran: string[] = [];
    const shutdown = app.get(ShutdownService);
    shutdown.register('readiness-off', 'throws', () => {
      throw new Error('boom');
    });
    shutdown.register('stop-intake', 'hangs', () => new Promise(() => {}));
    shutdown.register('flush', 'rejects', () => Promise.reject(new Error('postgres://a:b@c/d')));
    shutdown.register('flush', 'runs', () => ran.push('flush'));
    const removed = shutdown.register('flush', 'removed', () => ran.push('removed'));
    removed();
    await app.close();
    expect(ran).toEqual(['flush']);
    expect(leftOf(app)).toEqual([
      'throws failed: boom',
      'hangs did not end',
      'rejects failed: postgres://***@c/d',
    ]);
  });

  it('flushes even if a hook hangs', async () => {
    const stuck = Promise.withResolvers<void>();
    const app = await listening({ hooksMs: 50 }, { onModuleDestroy: () => stuck.promise });
    const flushed = Promise.withResolvers<void>();
    app.get(ShutdownService).register('flush', 'test', () => flushed.resolve());
    const closed = app.close();
    await flushed.promise;
    stuck.resolve();
    await closed;
    expect(leftOf(app)).toEqual(['stuck in onModuleDestroy']);
  });
});
