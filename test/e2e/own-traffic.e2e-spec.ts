import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BroadcastChannel } from 'node:worker_threads';
import { Controller, Get, Logger } from '@nestjs/common';
import { SpanKind, metrics, trace } from '@opentelemetry/api';
import { OtelLogger, OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { ask, createApp, portOf } from './health-app.js';

useLeakCheck();

/** SpanKind CLIENT of OTLP. */
const CLIENT = 3;

interface Measured {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count: number | bigint;
}

const killable = new URL('./killable-worker.mjs', import.meta.url);
/** Ends the worker. Resolves when it is about to exit. */
const kill = async (): Promise<void> => {
  const channel = new BroadcastChannel('killable-worker');
  const dying = new Promise((resolve) => channel.addEventListener('message', resolve));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
  channel.postMessage('die');
  await dying;
  channel.close();
};

const noFile = new URL('./no-such-worker.js', import.meta.url);

describe.each<
  [string, NonNullable<OtelModuleOptions['otlp']>, (server: ScriptedOtlpServer) => string]
>([
  ['over HTTP, without a worker', { protocol: 'http/protobuf', worker: false }, (to) => to.httpUrl],
  ['over gRPC, without a worker', { protocol: 'grpc', worker: false }, (to) => to.grpcUrl],
  [
    'if no worker can be started',
    { protocol: 'http/json', worker: { entry: noFile } },
    (to) => to.httpUrl,
  ],
  [
    'after its worker has died',
    { protocol: 'http/json', worker: { entry: killable } },
    (to) => to.httpUrl,
  ],
  ['with the official engine', { protocol: 'http/protobuf', engine: 'sdk' }, (to) => to.httpUrl],
])('a request that the telemetry of an app sends, %s', (_case, otlp, urlOf) => {
  let collector: ScriptedOtlpServer;
  let other: Server;
  let asked: { path: string; headers: IncomingHttpHeaders }[];

  beforeEach(async () => {
    collector = await ScriptedOtlpServer.start();
    asked = [];
    other = createServer((req, res) => {
      asked.push({ path: req.url ?? '', headers: req.headers });
      res.end('ok');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
  });
  afterEach(async () => {
    other.closeAllConnections();
    other.close();
    await collector.close();
  });

  it('is not traced, measured or logged', async () => {
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    /**
     * Apps may make such calls in any of these places: over `fetch`, over `node:http`, and with an instrumented
     * library of another vendor.
     */
    const calls = async (path: string): Promise<void> => {
      new Logger('Spec').log(path);
      trace.getTracer('theirs').startSpan(path, { kind: SpanKind.CLIENT }).end();
      await (await fetch(url + path)).text();
      const [answer] = (await once(get(url + path), 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
    };

    @Controller()
    class WorkController {
      @Get('work')
      work(): Promise<void> {
        return calls('/work');
      }
    }

    const isOurs = otlp.engine !== 'sdk';
    const app = await createApp(
      'express',
      {
        service: { name: 'own traffic' },
        otlp: {
          ...otlp,
          endpoint: urlOf(collector),
          ...(isOurs && {
            headers: async () => {
              await calls('/token');
              return { authorization: 'Bearer token' };
            },
          }),
        },
        traces: {},
        metrics: { intervalMs: 600_000 },
        logs: {},
        health: {
          indicators: [
            {
              name: 'other',
              check: async () => {
                await calls('/indicator');
                return { state: 'up' };
              },
            },
          ],
        },
      },
      { controllers: [WorkController] },
    );
    app.useLogger(app.get(OtelLogger));
    metrics
      .getMeter('spec')
      .createObservableGauge('asked')
      .addCallback(async (result) => {
        await calls('/observed');
        result.observe(1);
      });
    await app.listen(0, '127.0.0.1');
    // The spec's own requests go through the same instrumentation.
    const port = portOf(app);
    await ask(port, '/work');
    await ask(port, '/readyz');
    await OtelModule.flush(30_000);
    if (typeof otlp.worker === 'object' && otlp.worker.entry === killable) await kill();
    await ask(port, '/work');
    await OtelModule.flush(30_000);
    await app.close();
    const paths = asked.map(({ path }) => path);
    const expected = ['/indicator', '/observed', '/work', ...(isOurs ? ['/token'] : [])];
    expect(new Set(paths)).toEqual(new Set(expected));
    // The work of the app is exported, and nothing else.
    const clients = collector
      .spans()
      .filter(({ kind, attributes }) => kind === CLIENT && attributes['server.port'] !== port)
      .map(({ attributes }) => attributes['url.full']);
    expect(clients.filter((each) => each !== undefined)).toEqual(Array(4).fill(`${url}/work`));
    const theirs = collector.spans().filter(({ scope }) => scope.name === 'theirs');
    expect(theirs.map(({ name }) => name)).toEqual(['/work', '/work']);
    expect(
      asked.filter(({ headers }) => headers.traceparent !== undefined).map(({ path }) => path),
    ).toEqual(Array(4).fill('/work'));
    const durations = collector
      .metrics()
      .filter(({ name }) => name === 'http.client.request.duration')
      .flatMap(({ data }) => data.points as readonly Measured[])
      .filter(({ attributes }) => attributes['server.port'] !== port);
    // Metrics are cumulative: the last point of each attribute set has the total.
    const last = new Map(durations.map((point) => [JSON.stringify(point.attributes), point.count]));
    expect([...last.values()].reduce<number>((sum, count) => sum + Number(count), 0)).toBe(4);
    expect(new Set(durations.map(({ attributes }) => attributes['server.port']))).toHaveProperty(
      'size',
      1,
    );
    const bodies = collector
      .logRecords()
      .map(({ body }) => body)
      .filter((body) => typeof body === 'string' && body.startsWith('/'));
    expect(new Set(bodies)).toEqual(new Set(['/work']));
  });
});
