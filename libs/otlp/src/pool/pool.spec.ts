import { once } from 'node:events';
import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:net';
import type { AddressInfo, LookupFunction, Server, Socket } from 'node:net';
import { parseEndpoint } from './endpoint.js';
import { accept, answer, startH2Peer } from './fixtures/h2-peer.js';
import type { H2Peer, OnStream } from './fixtures/h2-peer.js';
import { ManualClock } from './fixtures/manual-clock.js';
import { startTcpProxy } from './fixtures/tcp-proxy.js';
import { until } from './fixtures/until.js';
import { Pool } from './pool.js';
import type { Opened } from './pool.js';
import { resolvePoolOptions } from './pool-options.js';
import type { PoolOptions } from './pool-options.js';

const HEADERS = { ':method': 'POST', ':path': '/' };

let clock: ManualClock;
let closing: (() => Promise<unknown>)[];

beforeEach(() => {
  clock = new ManualClock();
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

async function startPeer(onStream: OnStream, options = {}): Promise<H2Peer> {
  const peer = await startH2Peer(onStream, options);
  closing.push(() => peer.close());
  return peer;
}

function poolTo(url: string, options: PoolOptions = {}): Pool {
  const resolved = resolvePoolOptions({ clock, random: () => 0.5, ...options });
  const pool = new Pool(parseEndpoint(url), undefined, resolved);
  closing.push(() => pool.close(AbortSignal.abort()));
  return pool;
}

const open = (pool: Pool, signal = new AbortController().signal): Promise<Opened> =>
  pool.open(HEADERS, signal);

/** A whole request; resolves to how it ended. */
async function ask(pool: Pool): Promise<string> {
  const opened = await open(pool);
  if (opened.kind === 'failed') return opened.reason;
  const { stream, session } = opened;
  let answered = false;
  let failed: string | undefined;
  stream.on('response', () => (answered = true));
  stream.on('error', (error: Error & { code?: string }) => (failed = error.code));
  stream.resume().end();
  await new Promise((resolve) => stream.once('close', resolve));
  session.end(answered);
  return answered ? 'answered' : (session.why ?? failed ?? 'closed');
}

async function startSilent(onSocket: (socket: Socket) => void = () => {}): Promise<Server> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return server;
}

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('options', () => {
  it.each([
    { sessions: 0 },
    { sessions: 17 },
    { sessions: 1.5 },
    { maxAgeMs: 0 },
    { keepaliveMs: NaN },
  ])('refuses %p', (options) => {
    expect(() => resolvePoolOptions(options)).toThrow(expect.objectContaining({ code: 'pool' }));
  });
});

describe('connecting', () => {
  it('fails at once while nobody listens, and leaves the endpoint alone for a while', async () => {
    const server = await startSilent();
    const url = urlOf(server);
    await closing.pop()!();
    const pool = poolTo(url);
    expect(await open(pool)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED', afterMs: 100 });
    clock.advance(60);
    expect(await open(pool)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED', afterMs: 40 });
    clock.advance(40);
    expect(await open(pool)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED', afterMs: 200 });
    expect(pool.stats).toEqual({
      sessions: 0,
      open: 0,
      inFlight: 0,
      queued: 0,
      reconnects: 1,
      lastError: 'ECONNREFUSED',
    });
  });

  it('tells all who wait, not only the first', async () => {
    const server = await startSilent((socket) => socket.destroy());
    const pool = poolTo(urlOf(server));
    const reasons = await Promise.all([ask(pool), ask(pool), ask(pool)]);
    expect(new Set(reasons)).toEqual(new Set([reasons[0]]));
    expect(pool.stats.queued).toBe(0);
  });

  it('gives up on a peer that takes the connection and says nothing, after 3 s', async () => {
    const server = await startSilent();
    const pool = poolTo(urlOf(server));
    const opened = open(pool);
    await once(server, 'connection');
    await until(() => clock.waiting === 1);
    clock.advance(2999);
    expect(pool.stats).toMatchObject({ sessions: 1, open: 0, queued: 1 });
    clock.advance(1);
    expect(await opened).toMatchObject({ kind: 'failed', reason: 'connect_timeout' });
  });

  it('does not wait longer than the signal', async () => {
    const server = await startSilent();
    const pool = poolTo(urlOf(server));
    const deadline = new AbortController();
    const opened = open(pool, deadline.signal);
    deadline.abort();
    expect(await opened).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(await open(pool, deadline.signal)).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(pool.stats.queued).toBe(0);
  });

  it('says so where the peer speaks something else', async () => {
    const server = await startSilent((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const pool = poolTo(urlOf(server));
    expect(await ask(pool)).toMatch(/^ERR_HTTP2|^connection_closed$/);
  });

  it('asks for the address each time, and goes on to the next one of several', async () => {
    const peer = await startPeer(accept);
    const asked: string[] = [];
    // Nobody listens on 127.0.0.2.
    const lookup: LookupFunction = (host, _options, done) => {
      asked.push(host);
      const addresses: LookupAddress[] = ['127.0.0.2', '127.0.0.1'].map((address) => ({
        address,
        family: 4,
      }));
      done(null, addresses);
    };
    const pool = poolTo(`http://collector.test:${peer.port}`, { lookup });
    expect(await ask(pool)).toBe('answered');
    peer.first.destroy();
    await until(() => pool.stats.sessions === 0);
    expect(await ask(pool)).toBe('answered');
    expect(asked).toEqual(['collector.test', 'collector.test']);
  });

  it('names a name that does not resolve', async () => {
    const lookup: LookupFunction = (_host, _options, done) =>
      done(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []);
    expect(await ask(poolTo('http://collector.test', { lookup }))).toBe('ENOTFOUND');
  });
});

describe('sharing', () => {
  it('opens a second session when the first is busy, and no third', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await startPeer((stream) => held.push(stream));
    const pool = poolTo(peer.url, { sessions: 2 });
    const asks = [ask(pool)];
    await peer.streams(1);
    expect(pool.stats).toMatchObject({ sessions: 1, open: 1, inFlight: 1 });
    asks.push(ask(pool));
    await until(() => pool.stats.open === 2);
    for (let each = 0; each < 6; each++) asks.push(ask(pool));
    await peer.streams(8);
    const perSession = peer.sessions.map(
      (session) => held.filter((stream) => stream.session === session).length,
    );
    expect(perSession).toEqual([4, 4]);
    for (const stream of held) answer(stream);
    expect(await Promise.all(asks)).toEqual(Array(8).fill('answered'));
    expect(pool.stats).toMatchObject({ sessions: 2, open: 2, inFlight: 0, reconnects: 1 });
  });

  it('opens another session when one gave no answer', async () => {
    const peer = await startPeer((stream) => stream);
    const pool = poolTo(peer.url, { sessions: 2 });
    const lost = await open(pool);
    if (lost.kind !== 'begun') throw new Error(lost.reason);
    lost.stream.close();
    lost.session.end(false);
    expect([lost.session.suspect, lost.session.inFlight]).toEqual([true, 0]);
    peer.onStream = accept;
    await ask(pool);
    await until(() => pool.stats.open === 2);
    expect(peer.sessions).toHaveLength(2);
  });
});

describe('age', () => {
  it('replaces a session and lets what is in flight finish', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await startPeer((stream) => held.push(stream));
    const pool = poolTo(peer.url, { sessions: 1, keepaliveMs: 1e6 });
    const old = ask(pool);
    await peer.streams(1);
    clock.advance(300_000);
    expect(pool.stats).toMatchObject({ sessions: 1, open: 0, inFlight: 1 });
    const young = ask(pool);
    await peer.streams(2);
    expect(peer.sessions).toHaveLength(2);
    for (const stream of held) answer(stream);
    expect(await Promise.all([old, young])).toEqual(['answered', 'answered']);
    await until(() => pool.stats.sessions === 1);
    expect(pool.stats).not.toHaveProperty('lastError');
  });

  it.each([
    [0, 240_000],
    [1, 360_000],
  ])('is spread by a fifth (random %i)', async (random, ageMs) => {
    const peer = await startPeer(accept);
    const pool = poolTo(peer.url, { random: () => random });
    await ask(pool);
    clock.advance(ageMs - 1);
    expect(pool.stats.open).toBe(1);
    clock.advance(1);
    expect(pool.stats.open).toBe(0);
    await until(() => pool.stats.sessions === 0);
  });
});

describe('a half-open connection', () => {
  it('is found within 15 s while a request waits', async () => {
    const peer = await startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    closing.push(() => proxy.close());
    const pool = poolTo(proxy.url);
    const asked = ask(pool);
    await peer.streams(1);
    proxy.freeze();
    clock.advance(14_999);
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
    clock.advance(1);
    expect(await asked).toBe('keepalive_timeout');
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is found when the requests on it were given up', async () => {
    const peer = await startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    closing.push(() => proxy.close());
    const pool = poolTo(proxy.url);
    const opened = await open(pool);
    proxy.freeze();
    clock.advance(5000);
    if (opened.kind !== 'begun') throw new Error(opened.reason);
    opened.stream.close();
    opened.session.end(false);
    clock.advance(10_000);
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is not what a session is that owes no answer', async () => {
    const peer = await startPeer(accept);
    const pool = poolTo(peer.url);
    await ask(pool);
    let pings = 0;
    peer.first.on('ping', () => pings++);
    clock.advance(60_000);
    expect(await ask(pool)).toBe('answered');
    expect(pings).toBe(0);
  });

  it('is not what a slow peer makes, as long as it answers PINGs', async () => {
    const peer = await startPeer((stream) => stream);
    const pool = poolTo(peer.url);
    void ask(pool);
    await peer.streams(1);
    for (let each = 0; each < 3; each++) {
      const session = peer.first;
      const ping = once(session, 'ping');
      clock.advance(10_000);
      await ping;
      // When ours is answered, its answer to theirs came before.
      await new Promise((resolve) => session.ping(resolve));
    }
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
  });
});

describe('close', () => {
  it('lets what is in flight finish, and refuses the rest', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await startPeer((stream) => held.push(stream), {
      settings: { maxConcurrentStreams: 1 },
    });
    const pool = poolTo(peer.url, { sessions: 1 });
    const first = ask(pool);
    await peer.streams(1);
    const second = ask(pool);
    const closed = pool.close();
    expect(await second).toBe('closed');
    expect(await ask(pool)).toBe('closed');
    for (const stream of held) answer(stream);
    expect(await first).toBe('answered');
    await closed;
    await pool.close();
    expect(pool.stats).toMatchObject({ sessions: 0, inFlight: 0 });
  });

  it('cuts what is in flight when its signal aborts', async () => {
    const peer = await startPeer((stream) => stream);
    const pool = poolTo(peer.url);
    const asked = ask(pool);
    await peer.streams(1);
    const deadline = new AbortController();
    const closed = pool.close(deadline.signal);
    deadline.abort();
    expect(await asked).toBe('closed');
    await closed;
  });

  it('while connecting ends the attempt', async () => {
    const server = await startSilent();
    const pool = poolTo(urlOf(server));
    const asked = ask(pool);
    await pool.close();
    expect(await asked).toBe('closed');
    expect(clock.waiting).toBe(0);
  });

  it('leaves no timer', async () => {
    const peer = await startPeer(accept);
    const pool = poolTo(peer.url);
    await ask(pool);
    expect(clock.waiting).toBeGreaterThan(0);
    await pool.close();
    expect(clock.waiting).toBe(0);
  });
});

it('keeps the process alive only while a request is in flight', async () => {
  const held: Parameters<OnStream>[0][] = [];
  const peer = await startPeer((stream) => held.push(stream));
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length;
  const before = sockets();
  const pool = poolTo(peer.url);
  const asked = ask(pool);
  await peer.streams(1);
  expect(sockets()).toBe(before + 2);
  for (const stream of held) answer(stream);
  await asked;
  expect(pool.stats.open).toBe(1);
  expect(sockets()).toBe(before + 1);
});
