import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as tick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import type { Outcome } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { bigBatch, patience, smallBatch } from './fixtures/batches.js';
import { createHttpSender } from './http-sender.js';
import type { HttpSenderOptions } from './http-sender.js';

const MIB = 1024 * 1024;
type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let sockets: Socket[];
let sender: Sender;
let warnings: string[];
let closing: (() => Promise<unknown>)[];

async function start(onRequest: OnRequest): Promise<void> {
  server = createServer(onRequest);
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  sender = senderTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function senderTo(endpoint: string, options: Partial<HttpSenderOptions> = {}): Sender {
  const made = createHttpSender({
    endpoint,
    content: 'protobuf',
    proxy: false,
    warn: (code) => void warnings.push(code),
    ...options,
  });
  closing.push(() => made.close());
  return made;
}

beforeEach(() => {
  warnings = [];
  sockets = [];
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

function send(signal = patience()): Promise<Outcome> {
  return sender.send(smallBatch(), signal);
}

/** Reads the request, then sends this reply. */
function reply(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): OnRequest {
  return (request, response) => {
    request.resume().on('end', () => response.writeHead(status, headers).end(body));
  };
}
const protobuf = { 'content-type': 'application/x-protobuf' };

describe('a status', () => {
  it('of any kind keeps the connection open', async () => {
    const statuses = [
      200, 202, 301, 307, 308, 400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504,
    ];
    let at = 0;
    await start((request, response) => {
      reply(statuses[at++] ?? 0, 'why', { location: '/elsewhere' })(request, response);
    });
    const outcomes: string[] = [];
    for (const status of statuses) outcomes.push(`${status} ${(await send()).kind}`);
    expect(outcomes.filter((each) => each.endsWith('accepted'))).toHaveLength(2);
    expect(outcomes.filter((each) => each.endsWith('retry'))).toEqual([
      '429 retry',
      '502 retry',
      '503 retry',
      '504 retry',
    ]);
    expect(at).toBe(statuses.length);
    expect(sockets).toHaveLength(1);
    expect(warnings).toContain('refused_traces_404');
    // Parts of the batch may be accepted, so there is no warning yet.
    expect(warnings.join()).not.toContain('413');
  });

  it('may ask for a pause', async () => {
    await start(reply(503, '', { 'retry-after': '7' }));
    expect(await send()).toEqual({ kind: 'retry', reason: '503', afterMs: 7000 });
  });

  it('that comes before the end of the request ends the request', async () => {
    await start((_request, response) => response.writeHead(413).end());
    const outcome = await sender.send(bigBatch(32 * MIB), patience());
    expect(['413', 'ECONNRESET', 'EPIPE']).toContain((outcome as { reason?: string }).reason);
  });
});

describe('a reply', () => {
  it('above 4 MiB is refused, also if it is compressed', async () => {
    const outcome = { kind: 'refused', reason: 'response_too_large' };
    await start(reply(200, Buffer.alloc(5 * MIB), protobuf));
    expect(await send()).toEqual(outcome);
    server.removeAllListeners('request');
    const bomb = gzipSync(Buffer.alloc(5 * MIB));
    server.on('request', reply(200, bomb, { ...protobuf, 'content-encoding': 'gzip' }));
    expect(await send()).toEqual(outcome);
  });

  it.each([
    ['in HTML', '<html>', { 'content-type': 'text/html' }],
    ['of a truncated protobuf', Buffer.from([0x0a, 0x7f]), protobuf],
    ['of broken JSON', '{', { 'content-type': 'application/json' }],
    ['in an unknown encoding', 'x', { ...protobuf, 'content-encoding': 'br' }],
  ])('%s is a success with a warning', async (_what, body, headers) => {
    await start(reply(200, body, headers));
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(warnings).toEqual(['unreadable_response']);
  });

  it('in gzip is read', async () => {
    const partial = gzipSync(Buffer.from([0x0a, 0x05, 0x08, 0x01, 0x12, 0x01, 0x6d]));
    await start(reply(200, partial, { ...protobuf, 'content-encoding': 'gzip' }));
    expect(await send()).toEqual({ kind: 'partial', rejected: 1, reason: 'm' });
  });

  it('that never ends is cancelled when the signal aborts, and its connection is closed', async () => {
    await start((_request, response) => void response.writeHead(200).write('x'));
    const deadline = new AbortController();
    const requested = once(server, 'request');
    const sent = send(deadline.signal);
    await requested;
    const closed = new Promise((resolve) => sockets.at(0)?.on('close', resolve));
    deadline.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
    await closed;
  });

  it('that breaks off is retryable', async () => {
    await start((request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('x', () => request.socket.destroy());
    });
    expect(await send()).toEqual({ kind: 'retry', reason: 'ECONNRESET' });
  });
});

describe('a connection', () => {
  it('is retryable if nobody accepts it', async () => {
    await start(reply(200));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    expect(await senderTo(url).send(smallBatch(), patience())).toEqual({
      kind: 'retry',
      reason: 'ECONNREFUSED',
    });
  });

  it('is replaced at once if it was kept and is closed', async () => {
    let requests = 0;
    await start((request, response) => {
      requests++;
      if (requests === 2) request.socket.resetAndDestroy();
      else reply(200)(request, response);
    });
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(await send()).toEqual({ kind: 'accepted' });
    expect([requests, sockets.length]).toEqual([3, 2]);
  });

  it('ends when the signal aborts if nobody answers', async () => {
    await start(() => {});
    const deadline = new AbortController();
    const sent = send(deadline.signal);
    await tick();
    deadline.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
  });

  it('fails after 3 s if its TLS handshake is not answered', async () => {
    const silent = createTcpServer((socket) => {
      socket.on('error', () => {});
      closing.push(async () => socket.destroy());
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    closing.unshift(() => new Promise((resolve) => silent.close(resolve)));
    const clock = new ManualClock();
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const accepted = once(silent, 'connection');
    const sent = senderTo(url, { clock }).send(smallBatch(), patience());
    await accepted;
    clock.advanceAtOnce(3000);
    expect(await sent).toEqual({ kind: 'retry', reason: 'connect_timeout' });
  });

  it('is replaced after its maximum age', async () => {
    const clock = new ManualClock();
    await start(reply(200));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const aging = senderTo(url, { clock, connections: { random: () => 0.5 } });
    await aging.send(smallBatch(), patience());
    clock.advanceAtOnce(300_000);
    await aging.send(smallBatch(), patience());
    await aging.send(smallBatch(), patience());
    expect(sockets).toHaveLength(2);
  });

  it('is reused, and there are no more than maxSockets', async () => {
    await start(reply(200));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const few = senderTo(url, { maxSockets: 3 });
    await Promise.all(Array.from({ length: 20 }, () => few.send(smallBatch(), patience())));
    expect(sockets).toHaveLength(3);
  });
});

describe('close', () => {
  it('waits for requests in flight', async () => {
    const opened: ServerResponse[] = [];
    await start((request, response) => {
      request.resume();
      opened.push(response);
    });
    const requested = once(server, 'request');
    const sent = send();
    await requested;
    const closed = sender.close();
    for (const response of opened) response.end();
    expect(await sent).toEqual({ kind: 'accepted' });
    await closed;
  });

  it('ends requests in flight after 5 s', async () => {
    await start(() => {});
    const clock = new ManualClock();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const slow = senderTo(url, { clock });
    const requested = once(server, 'request');
    const sent = slow.send(smallBatch(), patience());
    await requested;
    const closed = slow.close();
    clock.advanceAtOnce(5000);
    expect(await sent).toMatchObject({ kind: 'retry' });
    await closed;
    expect(clock.pending).toBe(0);
  });
});

it('the endpoint of one signal is used unchanged, and a path is appended to others', async () => {
  const paths: (string | undefined)[] = [];
  await start((request, response) => {
    paths.push(request.url);
    reply(200)(request, response);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await senderTo(`${url}/otlp/`).send(smallBatch('logs'), patience());
  await senderTo(`${url}/custom`, { appendPath: false }).send(smallBatch(), patience());
  await senderTo(url, { appendPath: false }).send(smallBatch(), patience());
  expect(paths).toEqual(['/otlp/v1/logs', '/custom', '/']);
});

it('the length of the body is sent, compressed or not', async () => {
  const seen: string[] = [];
  await start((request, response) => {
    const { 'content-length': length, 'content-encoding': encoding, host } = request.headers;
    let size = 0;
    request.on('data', (bytes: Buffer) => (size += bytes.length));
    request.on('end', () => {
      seen.push(`${Number(length) === size} ${encoding} ${host?.startsWith('127.0.0.1:')}`);
      response.end();
    });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await sender.send(bigBatch(MIB), patience());
  await senderTo(url, { compression: 'gzip' }).send(bigBatch(MIB), patience());
  await senderTo(url, { compression: 'zstd' }).send(bigBatch(MIB), patience());
  expect(seen).toEqual(['true undefined true', 'true gzip true', 'true zstd true']);
});
