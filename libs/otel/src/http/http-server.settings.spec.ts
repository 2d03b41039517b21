import { AsyncLocalStorage } from 'node:async_hooks';
import { connect } from 'node:net';
import { Controller, Get, Header, Post } from '@nestjs/common';
import { SpanKind, context, diag, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp, HttpAppParts } from './fixtures/http-app.js';
import { ManagementRoutes } from '../management/management-routes.js';
import type { HttpIgnore } from '../options/otel.options.js';

let lastContext = context.active();
let answer: () => void = () => {};

@Controller()
class ShopController {
  @Get('items/:id')
  @Header('x-region', 'north')
  @Header('set-cookie', 'session=secret')
  item(): string {
    lastContext = context.active();
    trace.getTracer('spec').startActiveSpan('inner', (span) => span.end());
    return 'item';
  }

  @Get('later')
  later(): Promise<string> {
    return new Promise((resolve) => {
      answer = () => resolve('later');
    });
  }

  @Post('items')
  add(): string {
    return 'added';
  }
}

const durations = async (http: HttpApp) =>
  (await http.telemetry.collectMetrics()).find(
    ({ descriptor }) => descriptor.name === 'http.server.request.duration',
  )?.dataPoints ?? [];
const active = async (http: HttpApp) =>
  (await http.telemetry.collectMetrics()).find(
    ({ descriptor }) => descriptor.name === 'http.server.active_requests',
  );

describe.each(platforms)('the settings of server spans on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  const start = async (parts: HttpAppParts = {}): Promise<void> => {
    http = await startHttpApp(makeAdapter, { controllers: [ShopController], ...parts });
  };
  const visit = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(http.url + path, init);
    await response.arrayBuffer();
    return response;
  };
  const spanOf = async (path: string, init: RequestInit = {}): Promise<ReadableSpan> => {
    await visit(path, init);
    const spans = await http.telemetry.waitForSpans((ended) =>
      ended.some(({ kind }) => kind === SpanKind.SERVER),
    );
    return spans.find(({ kind }) => kind === SpanKind.SERVER)!;
  };
  const expectSilence = async (): Promise<void> => {
    expect(http.telemetry.finishedSpans()).toEqual([]);
    expect(await durations(http)).toEqual([]);
    expect(http.inFlight.count).toBe(0);
  };

  afterEach(() => http.close());

  it('hide the values of sensitive query keys', async () => {
    await start({ http: { redactQuery: ['Card'] } });
    const span = await spanOf('/items/1?a=1&SIG=x&token=y&card=4&%73ig=z&empty=&b');
    expect(span.attributes['url.query']).toBe(
      'a=1&SIG=REDACTED&token=REDACTED&card=REDACTED&%73ig=REDACTED&empty=&b',
    );
  });

  it('keep only the listed headers, and never the value of a credential', async () => {
    await start({
      http: {
        requestHeaders: ['X-Shop', 'authorization'],
        responseHeaders: ['X-Region', 'set-cookie'],
      },
    });
    const span = await spanOf('/items/1', {
      headers: { 'x-shop': 'one', authorization: 'Bearer secret', 'x-other': 'no' },
    });
    expect(span.attributes).toMatchObject({
      'http.request.header.x-shop': ['one'],
      'http.request.header.authorization': ['REDACTED'],
      'http.response.header.x-region': ['north'],
      'http.response.header.set-cookie': ['REDACTED'],
    });
    expect(JSON.stringify(span.attributes)).not.toContain('secret');
    expect(span.attributes).not.toHaveProperty('http.request.header.x-other');
  });

  it('trust the headers of a proxy only if trustProxy is on', async () => {
    const headers = {
      forwarded: 'for="[2001:db8::1]:4711";proto=https;host=shop.example, for=10.0.0.1',
    };
    await start();
    const untrusting = await spanOf('/items/1', { headers });
    expect(untrusting.attributes).toMatchObject({
      'url.scheme': 'http',
      'client.address': '127.0.0.1',
      'server.address': '127.0.0.1',
    });
    await http.close();
    await start({ http: { trustProxy: true } });
    const trusting = await spanOf('/items/1', { headers });
    expect(trusting.attributes).toMatchObject({
      'url.scheme': 'https',
      'client.address': '2001:db8::1',
      'server.address': 'shop.example',
      'server.port': 443,
      'network.peer.address': '127.0.0.1',
    });
  });

  it.each<[string, HttpIgnore]>([
    ['an exact path', '/items/1'],
    ['a prefix', '/items/*'],
    ['a pattern', /^\/ITEMS/gi],
    ['a function', (path, method) => path.endsWith('1') && method === 'GET'],
  ])('make no telemetry for requests that %s ignores', async (_what, rule) => {
    await start({ http: { ignore: [rule] } });
    for (let n = 0; n < 3; n++) expect((await visit('/items/1?x=1')).status).toBe(200);
    expect(isTracingSuppressed(lastContext)).toBe(true);
    await expectSilence();
    expect(isTracingSuppressed(context.active())).toBe(false);
  });

  it('make no telemetry for management routes', async () => {
    await start({
      prepare: (app) => app.get(ManagementRoutes).add('/items/1', () => {}, 'some.option'),
    });
    expect((await visit('/items/1?verbose')).status).toBe(200);
    expect(isTracingSuppressed(lastContext)).toBe(true);
    await expectSilence();
  });

  it('make telemetry for a management route that the app answers itself', async () => {
    await start({
      prepare(app) {
        const routes = app.get(ManagementRoutes);
        routes.add('/items/1', () => {}, 'some.option');
        routes.leaveToApp('/items/1', 'GET');
      },
    });
    expect((await spanOf('/items/1')).name).toBe('GET /items/:id');
  });

  it('answer the request if an ignore function throws, and warn at most once', async () => {
    const warnings: string[] = [];
    const silent = (): void => {};
    const warn = (line: string): unknown => warnings.push(line);
    diag.setLogger({ error: silent, warn, info: silent, debug: silent, verbose: silent });
    await start({
      http: {
        ignore: [
          () => {
            throw new Error('no opinion');
          },
        ],
      },
    });
    for (let n = 0; n < 3; n++) expect((await spanOf('/items/1')).name).toBe('GET /items/:id');
    diag.disable();
    expect(warnings.filter((line) => line.includes('no opinion')).length).toBeLessThanOrEqual(1);
  });

  it('count requests in flight even without spans', async () => {
    await start({ http: { server: false } });
    const pending = fetch(`${http.url}/later`);
    await waitUntil(() => http.inFlight.count === 1);
    expect(http.inFlight.oldest).toBe('GET /later');
    answer();
    await (await pending).text();
    await waitUntil(() => http.inFlight.count === 0);
    await expectSilence();
  });

  it('close connections while the service drains', async () => {
    await start();
    expect((await visit('/items/1')).headers.get('connection')).toBe('keep-alive');
    http.state.draining();
    const socket = connect(http.port, '127.0.0.1');
    socket.write('GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/connection: close/i);
  });

  it('give unknown methods one name', async () => {
    await start({ http: { knownMethods: ['GET'] } });
    const span = await spanOf('/items', { method: 'POST' });
    expect(span.name).toBe('HTTP /items');
    expect(span.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'POST',
    });
  });

  it('keep one span name and one series for a flood of unknown paths', async () => {
    await start();
    await Promise.all(Array.from({ length: 300 }, (_, n) => visit(`/${n}/${Math.random()}`)));
    const spans = await http.telemetry.waitForSpans(300);
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['GET']));
    expect(await durations(http)).toHaveLength(1);
  });

  it('measure the duration of the span, and the active requests', async () => {
    await start();
    const span = await spanOf('/items/1');
    const pending = fetch(`${http.url}/later`);
    await waitUntil(() => http.inFlight.count === 1);
    const metrics = await http.telemetry.collectMetrics();
    answer();
    await (await pending).text();
    expect(metrics.find(({ descriptor }) => descriptor.name.endsWith('duration'))).toMatchObject({
      descriptor: {
        name: 'http.server.request.duration',
        unit: 's',
        advice: { explicitBucketBoundaries: expect.arrayContaining([0.005, 10]) },
      },
      dataPoints: [
        {
          attributes: {
            'http.request.method': 'GET',
            'url.scheme': 'http',
            'http.route': '/items/:id',
            'http.response.status_code': 200,
            'network.protocol.version': '1.1',
          },
          value: { count: 1, sum: span.duration[0] + span.duration[1] / 1e9 },
        },
      ],
    });
    const attributes = { 'http.request.method': 'GET', 'url.scheme': 'http' };
    expect(
      metrics.find(({ descriptor }) => descriptor.name.endsWith('active_requests')),
    ).toMatchObject({ descriptor: { unit: '{request}' }, dataPoints: [{ attributes, value: 1 }] });
    await http.telemetry.waitForSpans(3);
    expect((await active(http))?.dataPoints).toMatchObject([{ attributes, value: 0 }]);
  });

  it('measure requests that are not sampled', async () => {
    await start({
      telemetry: { sampler: { shouldSample: () => ({ decision: 0 }), toString: () => 'none' } },
    });
    await visit('/items/1');
    await waitUntil(() => http.inFlight.count === 0);
    expect(http.telemetry.finishedSpans()).toEqual([]);
    expect(await durations(http)).toMatchObject([
      { attributes: { 'http.route': '/items/:id' }, value: { count: 1 } },
    ]);
  });

  it('restore the context that a middleware lost', async () => {
    const outside = AsyncLocalStorage.snapshot();
    await start({
      configure: (consumer) =>
        consumer
          .apply((_req: unknown, _res: unknown, next: () => void) => outside(next))
          .forRoutes(ShopController),
    });
    const span = await spanOf('/items/1');
    const inner = http.telemetry.finishedSpans().find(({ name }) => name === 'inner');
    expect(inner?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(span.name).toBe('GET /items/:id');
  });
});

const waitUntil = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise(setImmediate);
};
