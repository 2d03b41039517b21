import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { certificate, pem } from '../pool/fixtures/certificates.js';
import { TransportConfigError } from '../pool/config-error.js';
import { parseEndpoint } from '../pool/endpoint.js';
import type { Outcome } from '../send/outcome.js';
import { createOtlpReceiver } from '../receiver/index.js';
import type { OtlpReceiver } from '../receiver/index.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createHttpSender } from './http-sender.js';
import type { HttpSenderOptions } from './http-sender.js';
import { proxyOf } from './proxy.js';

describe('proxyOf', () => {
  const https = parseEndpoint('https://collector.example.com:4318');
  const plain = parseEndpoint('http://collector.example.com:4318');
  function named(url: string, noProxy: string): string | undefined {
    return proxyOf(parseEndpoint(url), { HTTP_PROXY: 'http://p:1', NO_PROXY: noProxy })?.authority;
  }

  it('follows the scheme of the endpoint, and prefers lower-case variables', () => {
    const env = { HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:2' };
    expect(proxyOf(plain, env)?.authority).toBe('a:1');
    expect(proxyOf(https, env)?.authority).toBe('b:2');
    expect(proxyOf(https, { ...env, https_proxy: 'http://c:3' })?.authority).toBe('c:3');
    expect(proxyOf(https, { HTTP_PROXY: 'http://a:1', HTTPS_PROXY: '' })).toBeUndefined();
    expect(proxyOf(parseEndpoint('unix:/a'), env)).toBeUndefined();
  });

  it.each([
    ['http://a.test:4318', '*', false],
    ['http://a.test:4318', 'a.test', false],
    ['http://a.test:4318', 'x, .test', false],
    ['http://a.test:4318', '*.test', false],
    ['http://a.test:4318', 'test', false],
    ['http://a.test:4318', 'A.TEST:4318', false],
    ['http://a.test:4318', 'a.test:80', true],
    ['http://a.test:4318', 'b.test,atest,.a.test.com', true],
    ['http://ba.test:4318', 'a.test', true],
    ['http://10.0.0.1:4318', '10.0.0.1', false],
    ['http://[::1]:4318', '::1', false],
    ['http://[::1]:4318', '[::1]:4318', false],
    ['http://a.test:4318', '', true],
  ])('uses a proxy for %s with NO_PROXY %p: %p', (url, noProxy, proxied) => {
    expect(named(url, noProxy) !== undefined).toBe(proxied);
  });

  it('refuses a value that is no URL, and does not show it', () => {
    const env = { HTTP_PROXY: 'user:canary@proxy' };
    expect(() => proxyOf(plain, env)).toThrow('proxy must be an http:// or https:// URL');
  });

  it.each(['http_proxy', 'HTTP_PROXY'])('names %s if its value cannot be used', (name) => {
    for (const value of ['socks5://canary@p:1', 'unix:/canary', 'http://canary:99999', 'canary']) {
      expect(() => proxyOf(plain, { [name]: value })).toThrow(
        new TransportConfigError('proxy', `${name}: proxy must be an http:// or https:// URL`),
      );
    }
  });
});

describe('requests through a proxy', () => {
  let receiver: OtlpReceiver;
  let received: number;
  let httpPort: number;
  let proxy: Server;
  let asked: IncomingMessage[];
  let status: number;
  /** The bytes that the proxy sends in place of a reply, if any. */
  let greeting: string | undefined;
  let closing: (() => Promise<unknown>)[];

  beforeEach(async () => {
    received = 0;
    asked = [];
    closing = [];
    status = 200;
    greeting = undefined;
    receiver = createOtlpReceiver({
      grpcPort: false,
      httpPort: 0,
      onExport() {
        received++;
        return { kind: 'accepted' };
      },
    });
    closing.push(() => receiver.close());
    httpPort = (await receiver.start()).httpPort ?? 0;
    proxy = createServer();
    proxy.on('connect', (request: IncomingMessage, near: Socket) => {
      asked.push(request);
      near.on('error', () => {});
      if (greeting !== undefined) {
        near.write(greeting);
        return;
      }
      if (status < 200 || status > 299) {
        near.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      const far = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
        near.write(`HTTP/1.1 ${status} OK\r\n\r\n`);
        near.pipe(far).pipe(near);
      });
      far.on('error', () => {});
      near.on('close', () => far.destroy());
    });
    await listen(proxy);
  });

  afterEach(async () => {
    for (const close of closing.toReversed()) await close();
  });

  async function listen(server: Server): Promise<void> {
    const sockets: Socket[] = [];
    server.on('connection', (socket: Socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
  }

  function portOf(server: Server): number {
    return (server.address() as AddressInfo).port;
  }

  async function send(options: Partial<HttpSenderOptions>, times = 1): Promise<Outcome[]> {
    const sender = createHttpSender({
      endpoint: `http://127.0.0.1:${httpPort}`,
      content: 'protobuf',
      ...options,
    });
    const outcomes: Outcome[] = [];
    for (let at = 0; at < times; at++) outcomes.push(await sender.send(smallBatch(), patience()));
    await sender.close();
    return outcomes;
  }

  it('use CONNECT with credentials, and keep the tunnel', async () => {
    const outcomes = await send({ proxy: `http://u:p@127.0.0.1:${portOf(proxy)}` }, 3);
    expect(outcomes).toEqual(Array(3).fill({ kind: 'accepted' }));
    expect(received).toBe(3);
    expect(asked.map((each) => [each.url, each.headers['proxy-authorization']])).toEqual([
      [`127.0.0.1:${httpPort}`, `Basic ${btoa('u:p')}`],
    ]);
  });

  it('use TLS with the collector, not with the proxy', async () => {
    const tls = { cert: pem('server.pem'), key: pem('server.key') };
    const collector = createSecureServer(tls, (request, response) => {
      request.resume().on('end', () => response.end());
    });
    await listen(collector);
    const outcomes = await send({
      endpoint: `https://127.0.0.1:${portOf(collector)}`,
      proxy: `http://127.0.0.1:${portOf(proxy)}`,
      tls: { caFile: certificate('ca.pem') },
    });
    expect(outcomes).toEqual([{ kind: 'accepted' }]);
    expect(asked).toHaveLength(1);
  });

  it.each([403, 407, 502])(
    'fail with a reason of their own if the proxy answers %i',
    async (code) => {
      status = code;
      const outcomes = await send({ proxy: `http://127.0.0.1:${portOf(proxy)}` });
      expect(outcomes).toEqual([{ kind: 'retry', reason: `proxy_${code}` }]);
    },
  );

  it('treat any 2xx as a tunnel', async () => {
    status = 204;
    expect(await send({ proxy: `http://127.0.0.1:${portOf(proxy)}` })).toEqual([
      { kind: 'accepted' },
    ]);
  });

  it('fail with a reason of their own if the proxy answers in another protocol, or not at all', async () => {
    const toProxy = { proxy: `http://u:canary@127.0.0.1:${portOf(proxy)}` };
    greeting = 'SSH-2.0-OpenSSH_9.2\r\n';
    expect(await send(toProxy)).toEqual([
      { kind: 'retry', reason: expect.stringMatching(/^proxy_HPE_/) as unknown },
    ]);
    greeting = '';
    expect(await send({ ...toProxy, connections: { connectTimeoutMs: 50 } })).toEqual([
      { kind: 'retry', reason: 'proxy_timeout' },
    ]);
    proxy.removeAllListeners('connect');
    proxy.on('connect', (_request: IncomingMessage, near: Socket) => near.destroy());
    expect(await send(toProxy)).toEqual([{ kind: 'retry', reason: 'proxy_ECONNRESET' }]);
  });

  it('leave nothing open if they are aborted during CONNECT', async () => {
    greeting = '';
    const asking = once(proxy, 'connect');
    const sender = createHttpSender({
      endpoint: `http://127.0.0.1:${httpPort}`,
      content: 'protobuf',
      proxy: `http://127.0.0.1:${portOf(proxy)}`,
    });
    const deadline = new AbortController();
    const sent = sender.send(smallBatch(), deadline.signal);
    const [, near] = (await asking) as [IncomingMessage, Socket];
    const ended = once(near.resume(), 'end');
    deadline.abort();
    await sender.close();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
    await ended;
  });

  it('fail with a reason of their own if nobody listens at the proxy', async () => {
    const port = portOf(proxy);
    await closing.pop()?.();
    const outcomes = await send({ proxy: `http://127.0.0.1:${port}` });
    expect(outcomes).toEqual([{ kind: 'retry', reason: 'proxy_ECONNREFUSED' }]);
  });

  it('follow the environment by default', async () => {
    process.env['HTTP_PROXY'] = `http://127.0.0.1:${portOf(proxy)}`;
    try {
      await send({});
      await send({ proxy: false });
    } finally {
      delete process.env['HTTP_PROXY'];
    }
    expect([received, asked.length]).toEqual([2, 1]);
  });
});
