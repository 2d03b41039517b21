import { once } from 'node:events';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { accept } from './fixtures/h2-peer.js';
import { ask, open, PoolRoom, urlOf } from './fixtures/pool-room.js';
import { until } from './fixtures/until.js';

let room: PoolRoom;
beforeEach(() => (room = new PoolRoom()));
afterEach(() => room.close());

describe('connecting', () => {
  it('fails at once if nobody listens, and makes no new attempt for a while', async () => {
    const server = await room.startSilent();
    const url = urlOf(server);
    await room.closing.pop()?.();
    const pool = room.poolTo(url);
    expect(await open(pool)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED', afterMs: 100 });
    room.clock.advanceAtOnce(60);
    expect(await open(pool)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED', afterMs: 40 });
    room.clock.advanceAtOnce(40);
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

  it('fails for all waiting requests', async () => {
    const server = await room.startSilent((socket) => socket.destroy());
    const pool = room.poolTo(urlOf(server));
    const reasons = await Promise.all([ask(pool), ask(pool), ask(pool)]);
    expect(new Set(reasons)).toEqual(new Set([reasons[0]]));
    expect(pool.stats.queued).toBe(0);
  });

  it('ends after 3 s if the peer accepts the connection and sends nothing', async () => {
    const server = await room.startSilent();
    const pool = room.poolTo(urlOf(server));
    const opened = open(pool);
    await once(server, 'connection');
    await until(() => room.clock.pending === 1);
    room.clock.advanceAtOnce(2999);
    expect(pool.stats).toMatchObject({ sessions: 1, open: 0, queued: 1 });
    room.clock.advanceAtOnce(1);
    expect(await opened).toMatchObject({ kind: 'failed', reason: 'connect_timeout' });
  });

  it('counts name, connection and HTTP/2 settings towards the same 3 s', async () => {
    const server = await room.startSilent();
    const answers: (() => void)[] = [];
    const lookup: LookupFunction = (_host, _options, done) =>
      void answers.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]));
    const { port } = new URL(urlOf(server));
    const opened = open(room.poolTo(`http://collector.test:${port}`, { lookup }));
    await until(() => answers.length === 1);
    room.clock.advanceAtOnce(2000);
    const connected = once(server, 'connection');
    for (const answer of answers) answer();
    await connected;
    await until(() => room.clock.pending === 1);
    room.clock.advanceAtOnce(1000);
    expect(await opened).toMatchObject({ kind: 'failed', reason: 'connect_timeout' });
  });

  it('ends when the signal aborts', async () => {
    const server = await room.startSilent();
    const pool = room.poolTo(urlOf(server));
    const deadline = new AbortController();
    const opened = open(pool, deadline.signal);
    deadline.abort();
    expect(await opened).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(await open(pool, deadline.signal)).toEqual({ kind: 'failed', reason: 'aborted' });
    expect(pool.stats.queued).toBe(0);
  });

  it('fails if the peer does not speak HTTP/2', async () => {
    const server = await room.startSilent((socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    const pool = room.poolTo(urlOf(server));
    expect(await ask(pool)).toMatch(/^ERR_HTTP2|^connection_closed$/);
  });

  it('resolves the name for each connection, and tries the next address', async () => {
    const peer = await room.startPeer(accept);
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
    const pool = room.poolTo(`http://collector.test:${peer.port}`, { lookup });
    expect(await ask(pool)).toBe('answered');
    peer.first.destroy();
    await until(() => pool.stats.sessions === 0);
    expect(await ask(pool)).toBe('answered');
    expect(asked).toEqual(['collector.test', 'collector.test']);
  });

  it('fails with the error of a name that does not resolve', async () => {
    const lookup: LookupFunction = (_host, _options, done) =>
      done(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []);
    expect(await ask(room.poolTo('http://collector.test', { lookup }))).toBe('ENOTFOUND');
  });
});
