import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { detectResources } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { serveManagement } from '../management/management-answer.js';
import { ManagementRoutes } from '../management/management-routes.js';
import { PrometheusEndpoint } from './prometheus-endpoint.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('PrometheusEndpoint', () => {
  let server: Server;
  let endpoint: PrometheusEndpoint;
  let provider: MeterProvider;
  let routes: ManagementRoutes;

  beforeEach(async () => {
    routes = new ManagementRoutes();
    endpoint = new PrometheusEndpoint();
    endpoint.mount(routes, '/metrics');
    server = createServer((req, res) => {
      const handler = routes.find(req.url);
      if (handler === undefined) res.writeHead(404).end();
      else serveManagement(handler, req, res, 'app');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    provider = new MeterProvider({ readers: [endpoint.reader] });
  });
  afterEach(async () => {
    await provider.shutdown();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const ask = async (method: string, path = '/metrics'): Promise<Answer> => {
    const { port } = server.address() as AddressInfo;
    const sent = request({ host: '127.0.0.1', port, path, method, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.setEncoding('utf8');
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return { status: response.statusCode, headers: response.headers, body };
  };

  it('waits for attributes of the host that are still being detected', async () => {
    const id = Promise.withResolvers<string>();
    const late = new PrometheusEndpoint();
    const host = { detect: () => ({ attributes: { 'host.id': id.promise } }) };
    const resource = detectResources({ detectors: [host] });
    const other = new MeterProvider({ readers: [late.reader], resource });
    late.mount(routes, '/late');
    const scrape = ask('GET', '/late');
    id.resolve('h-1');
    expect((await scrape).body).toMatch(/^target_info\{.*host_id="h-1".*\} 1$/m);
    await other.shutdown();
  });

  it('serves Prometheus text to GET, and its headers to HEAD', async () => {
    provider
      .getMeter('shop')
      .createCounter('orders.placed', { unit: '{order}' })
      .add(3, { kind: 'ä' });
    const got = await ask('GET', '/metrics?name=any');
    expect(got.status).toBe(200);
    expect(got.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(got.body).toMatch(/^orders_placed_total\{.*kind="ä".*\} 3$/m);
    expect(Number(got.headers['content-length'])).toBe(Buffer.byteLength(got.body));
    const head = await ask('HEAD');
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toBe(got.headers['content-type']);
    expect(head.body).toBe('');
  });

  it('answers bad requests with 405 or 404, and continues after a scraper that leaves', async () => {
    expect((await ask('POST')).status).toBe(405);
    expect((await ask('GET', '//metrics')).status).toBe(404);
    expect((await ask('GET', '/metrics%00')).status).toBe(404);
    const { port } = server.address() as AddressInfo;
    const left = request({ host: '127.0.0.1', port, path: '/metrics', agent: false }).end();
    left.on('error', () => {});
    const [socket] = (await once(left, 'socket')) as [NodeJS.EventEmitter & { destroy(): void }];
    await once(socket, 'connect');
    socket.destroy();
    expect((await ask('GET')).status).toBe(200);
  });

  it('shares one collection among concurrent scrapes', async () => {
    let asked = 0;
    let answer = (): void => {};
    const gate = new Promise<void>((resolve) => (answer = resolve));
    provider
      .getMeter('shop')
      .createObservableGauge('slow')
      .addCallback(async (result) => {
        asked += 1;
        await gate;
        result.observe(1);
      });
    const scrapes = [ask('GET'), ask('GET'), ask('GET')];
    for (let handled = 0; handled < scrapes.length; handled++) await once(server, 'request');
    answer();
    const answers = await Promise.all(scrapes);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(asked).toBe(1);
    await ask('GET');
    expect(asked).toBe(2);
  });

  it('serves the other metrics if an instrument fails, and 503 after the shutdown', async () => {
    const meter = provider.getMeter('shop');
    meter.createCounter('fine').add(1);
    meter.createObservableGauge('broken').addCallback(() => {
      throw new Error('no reading');
    });
    expect((await ask('GET')).body).toContain('fine_total');
    await provider.shutdown();
    const after = await ask('GET');
    expect(after.status).toBe(503);
    expect(after.body).toBe('');
    provider = new MeterProvider();
  });
});
