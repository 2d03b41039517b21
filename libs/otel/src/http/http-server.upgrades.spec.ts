import { request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

type OnUpgrade = (req: IncomingMessage, socket: Duplex) => void;

const accept: OnUpgrade = (_req, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  socket.pipe(socket);
};

const refuse =
  (status: string): OnUpgrade =>
  (_req, socket) => {
    socket.end(Buffer.from(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`));
  };

describe.each(platforms)('upgrades on %s', (_name, makeAdapter) => {
  let http: HttpApp;
  let server: Server;

  beforeEach(async () => {
    http = await startHttpApp(makeAdapter, { http: { ignore: ['/quiet'] } });
    server = http.app.getHttpServer() as Server;
  });

  afterEach(() => http.close());

  /** Resolves with the status, or with `cut off`. Closes an upgraded connection. */
  const upgrade = (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const sent = request(http.url + path, {
      headers: { connection: 'Upgrade', upgrade: 'echo', ...headers },
      agent: false,
    });
    sent.on('upgrade', (res, socket) => {
      socket.end();
      socket.resume();
      resolve(String(res.statusCode));
    });
    sent.on('response', (res) => {
      res.resume();
      resolve(String(res.statusCode));
    });
    sent.on('error', () => resolve('cut off'));
    sent.end();
    return promise;
  };

  const onlySpan = async (): Promise<ReadableSpan> => {
    const spans = await http.telemetry.waitForSpans(1);
    expect(spans).toHaveLength(1);
    return spans[0]!;
  };

  it('have a span that ends with the handshake, in the trace of the caller', async () => {
    let inside: string | undefined;
    server.on('upgrade', (req, socket) => {
      inside = trace.getActiveSpan()?.spanContext().spanId;
      accept(req, socket);
    });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    expect(await upgrade('/chat?room=7', { traceparent })).toBe('101');
    const span = await onlySpan();
    expect(span.name).toBe('GET /chat');
    expect(span.spanContext()).toMatchObject({ traceId, spanId: inside });
    expect(span.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 101,
      'http.route': '/chat',
      'url.path': '/chat',
    });
    expect(span.status.code).toBe(0);
    expect(http.inFlight.count).toBe(0);
  });

  it('have the status of a refusal, without a route', async () => {
    server.on('upgrade', refuse('401 Unauthorized'));
    expect(await upgrade('/chat')).toBe('401');
    const span = await onlySpan();
    expect(span.name).toBe('GET');
    expect(span.attributes['http.response.status_code']).toBe(401);
    expect(span.attributes).not.toHaveProperty('http.route');
    expect(span.status.code).toBe(0);
  });

  it('are errors if the server answers 5xx or cuts the connection', async () => {
    server.once('upgrade', refuse('503 Service Unavailable'));
    expect(await upgrade('/chat')).toBe('503');
    expect((await onlySpan()).attributes['error.type']).toBe('503');
    await http.telemetry.reset();
    server.once('upgrade', (_req, socket) => void socket.destroy());
    expect(await upgrade('/chat')).toBe('cut off');
    expect((await onlySpan()).attributes['error.type']).toBe('server_disconnected');
  });

  it('are plain requests again after the last listener has gone', async () => {
    server.on('upgrade', accept);
    expect(server.listenerCount('upgrade')).toBe(2);
    server.off('upgrade', accept);
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(await upgrade('/nowhere')).toBe('404');
  });

  it('make at most 16 different routes', async () => {
    server.on('upgrade', accept);
    for (let at = 0; at < 20; at += 1) expect(await upgrade(`/rooms/${at}`)).toBe('101');
    const spans = await http.telemetry.waitForSpans(20);
    expect(new Set(spans.map(({ name }) => name)).size).toBe(17);
  });

  it('make no telemetry on an ignored path', async () => {
    server.on('upgrade', accept);
    expect(await upgrade('/quiet')).toBe('101');
    expect(await upgrade('/loud')).toBe('101');
    expect((await onlySpan()).name).toBe('GET /loud');
  });
});
