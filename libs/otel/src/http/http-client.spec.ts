import { once } from 'node:events';
import { createServer, get, request as nodeRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { request as undiciRequest } from 'undici';
import { AsyncContextManager } from '../context/async-context-manager.js';
import type { HttpOptions } from '../options/otel.options.js';
import { globalProviders } from '../late-bound/globals.js';
import { Inventory } from '../report/inventory.js';
import { HttpClientInstrumentation } from './http-client.instrumentation.js';
import { settingsOf } from './fixtures/settings-of.js';

type Call = (
  url: string,
  init?: { headers?: Record<string, string>; signal?: AbortSignal },
) => Promise<number>;

const viaFetch: Call = async (url, init) => {
  const response = await fetch(url, init);
  await response.arrayBuffer();
  return response.status;
};
const viaUndici: Call = async (url, init) => {
  const { statusCode, body } = await undiciRequest(url, init);
  await body.dump();
  return statusCode;
};
const viaNode: Call = async (url, init) => {
  const [response] = (await once(get(url, init as RequestOptions), 'response')) as [
    IncomingMessage,
  ];
  response.resume();
  await once(response, 'end');
  return response.statusCode!;
};

const clients = [
  ['fetch', viaFetch],
  ['undici', viaUndici],
  ['node:http', viaNode],
] as const;

const observed = (http: HttpOptions = {}): HttpClientInstrumentation =>
  new HttpClientInstrumentation(settingsOf(http), new Inventory(), globalProviders.byHand);

describe('the spans of outgoing HTTP requests', () => {
  let server: Server;
  let url: string;
  let port: number;
  let telemetry: RecordedTelemetry;
  let instrumentation: HttpClientInstrumentation;
  let received: IncomingMessage['headers'][];

  const instrument = (options: HttpOptions): void => {
    instrumentation.disable();
    instrumentation = observed(options);
  };

  beforeEach(async () => {
    received = [];
    server = createServer((req, res) => {
      received.push(req.headers);
      if (req.url === '/hang-up') req.socket.destroy();
      else if (req.url !== '/slow') {
        res.statusCode = Number(/^\/status\/(\d+)/.exec(req.url ?? '')?.[1] ?? 200);
        res.end('answer');
      }
    });
    server.on('upgrade', (_req, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    url = `http://127.0.0.1:${port}`;
    telemetry = recordTelemetry({ contextManager: new AsyncContextManager() });
    instrumentation = observed();
  });
  afterEach(async () => {
    instrumentation.disable();
    await telemetry.restore();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const spanOf = async (): Promise<ReadableSpan> => (await telemetry.waitForSpans(1))[0]!;

  describe.each(clients)('%s', (_name, call) => {
    it('are children of the active span, and their context travels to the server', async () => {
      const parent = trace.getTracer('spec').startSpan('parent');
      await context.with(trace.setSpan(context.active(), parent), () =>
        call(`${url}/items?page=2&sig=secret&Token=hidden`),
      );
      const span = await spanOf();
      expect(span.name).toBe('GET');
      expect(span.kind).toBe(SpanKind.CLIENT);
      expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
      expect(span.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
      expect(span.attributes).toMatchObject({
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'server.port': port,
        'url.full': `${url}/items?page=2&sig=REDACTED&Token=REDACTED`,
        'network.peer.address': '127.0.0.1',
        'network.peer.port': port,
      });
      const { traceId, spanId } = span.spanContext();
      expect(received[0]?.['traceparent']).toBe(`00-${traceId}-${spanId}-03`);
    });

    it.each([404, 503])('are errors for the status %i', async (status) => {
      await call(`${url}/status/${status}`);
      const span = await spanOf();
      expect(span.attributes['error.type']).toBe(String(status));
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
      expect(span.events).toEqual([]);
    });

    it('are errors with the exception if no answer comes', async () => {
      await expect(call(`${url}/hang-up`)).rejects.toHaveProperty('name');
      const span = await spanOf();
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      const code = expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/);
      expect(span.attributes).toMatchObject({
        'error.type': expect.stringMatching(/^(SocketError|Error)$/),
        'nestlens.exception.code': code,
      });
      expect(span.events[0]).toMatchObject({
        name: 'exception',
        attributes: {
          'exception.type': span.attributes['error.type'],
          'nestlens.exception.code': code,
        },
      });
      expect(span.attributes).not.toHaveProperty('http.response.status_code');
    });

    it('are errors if nobody listens', async () => {
      const gone = createServer().listen(0, '127.0.0.1');
      await once(gone, 'listening');
      const { port: free } = gone.address() as AddressInfo;
      gone.close();
      await expect(call(`http://127.0.0.1:${free}/`)).rejects.toHaveProperty('name');
      expect((await spanOf()).attributes).toMatchObject({
        'error.type': 'Error',
        'nestlens.exception.code': 'ECONNREFUSED',
      });
    });

    it('are no errors if the caller cancels the request', async () => {
      const abort = new AbortController();
      server.once('request', () => abort.abort());
      await expect(call(`${url}/slow`, { signal: abort.signal })).rejects.toHaveProperty('name');
      const span = await spanOf();
      expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
      expect(span.attributes).not.toHaveProperty('error.type');
      expect(span.events).toEqual([]);
    });

    it('do not change trace headers of the caller', async () => {
      const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await call(url, { headers: { traceparent: own } });
      expect(received[0]).toMatchObject({ traceparent: own });
      expect(received[0]).not.toHaveProperty('tracestate');
      await expect(telemetry.waitForSpans(1)).resolves.toHaveLength(1);
    });

    it('leave out baggage that no header can hold', async () => {
      const entry = { value: 'v', metadata: { toString: () => 'a\r\nEvil: 1 🙀' } };
      const baggage = propagation.createBaggage({ k: entry as never });
      await context.with(propagation.setBaggage(context.active(), baggage), () => call(url));
      expect(received[0]).toHaveProperty('traceparent');
      expect(received[0]).not.toHaveProperty('baggage');
      expect(received[0]).not.toHaveProperty('evil');
    });

    it('are not made in suppressed contexts', async () => {
      await context.with(suppressTracing(context.active()), () => call(url));
      expect(received[0]).not.toHaveProperty('traceparent');
      expect(telemetry.finishedSpans()).toEqual([]);
    });

    it.each<[string | RegExp]>([['127.0.0.1'], [/^127\.0/g]])(
      'are not made for ignored hosts (%s)',
      async (rule) => {
        instrument({ ignoreHosts: [rule] });
        await call(url);
        await call(url);
        expect(received[1]).not.toHaveProperty('traceparent');
        expect(telemetry.finishedSpans()).toEqual([]);
      },
    );

    it('have the duration that the metric records', async () => {
      await call(`${url}/status/404`);
      const span = await spanOf();
      const metric = (await telemetry.collectMetrics()).find(
        ({ descriptor }) => descriptor.name === 'http.client.request.duration',
      );
      expect(metric).toMatchObject({
        descriptor: { unit: 's', advice: { explicitBucketBoundaries: expect.any(Array) } },
        dataPoints: [
          {
            attributes: {
              'http.request.method': 'GET',
              'http.response.status_code': 404,
              'error.type': '404',
              'server.address': '127.0.0.1',
              'server.port': port,
            },
            value: { sum: span.duration[0] + span.duration[1] / 1e9, count: 1 },
          },
        ],
      });
    });

    it('are made once if several apps of a process instrument requests', async () => {
      const other = observed();
      await call(url);
      other.disable();
      expect(telemetry.finishedSpans()).toHaveLength(1);
    });

    it('are not made if the instrumentation is off', async () => {
      instrument({ client: false });
      await call(url);
      expect(telemetry.finishedSpans()).toEqual([]);
    });
  });

  it('are errors if a time limit ends the request', async () => {
    const limit = new AbortController();
    server.once('request', () => limit.abort(new DOMException('too slow', 'TimeoutError')));
    const { signal } = limit;
    await expect(fetch(`${url}/slow`, { signal })).rejects.toHaveProperty('name');
    expect((await spanOf()).attributes['error.type']).toBe('TimeoutError');
  });

  // `once` of node:events would reject with the error that ends some of these requests.
  const closed = (request: ClientRequest): Promise<void> =>
    new Promise((resolve) => {
      request.on('error', () => {});
      if (request.closed) resolve();
      else request.once('close', () => resolve());
    });
  const settle = async (request: ClientRequest): Promise<ReadableSpan> => {
    await closed(request);
    return spanOf();
  };

  it('end if a request is destroyed before or after it was sent', async () => {
    const early = nodeRequest(`${url}/slow`);
    early.destroy();
    expect((await settle(early)).status.code).toBe(SpanStatusCode.UNSET);
    await telemetry.reset();
    const late = get(`${url}/slow`);
    await once(server, 'request');
    late.destroy();
    expect((await settle(late)).status.code).toBe(SpanStatusCode.UNSET);
  });

  it('end with the status of an upgrade', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'x' };
    const request = get(url, { headers });
    request.on('upgrade', (_res, socket) => socket.destroy());
    const span = await settle(request);
    expect(span.attributes['http.response.status_code']).toBe(101);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('end as usual if the headers are already written and cannot carry the context', async () => {
    const request = get(url, { headers: ['Host', 'shop.test'] as never });
    request.on('response', (response) => response.resume());
    const span = await settle(request);
    expect(received[0]).toMatchObject({ host: 'shop.test' });
    expect(span.attributes['http.response.status_code']).toBe(200);
  });

  it('hide the credentials in a URL that goes to a proxy', async () => {
    const request = get(url, { path: 'http://user:word@shop.test/a?sig=1#sig=2' });
    request.on('response', (response) => response.resume());
    const span = await settle(request);
    expect(span.attributes['url.full']).toBe('http://REDACTED:REDACTED@shop.test/a?sig=REDACTED');
  });

  it('are not made for tunnels', async () => {
    const request = nodeRequest(url, { method: 'CONNECT', path: 'shop.test:443' });
    request.end();
    await closed(request);
    expect(telemetry.finishedSpans()).toEqual([]);
  });
});
