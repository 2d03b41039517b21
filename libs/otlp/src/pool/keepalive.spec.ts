import { once } from 'node:events';
import { constants } from 'node:http2';
import { accept } from './fixtures/h2-peer.js';
import type { H2Peer } from './fixtures/h2-peer.js';
import { ask, open, PoolRoom } from './fixtures/pool-room.js';
import { startTcpProxy } from './fixtures/tcp-proxy.js';
import { until } from './fixtures/until.js';

let room: PoolRoom;
beforeEach(() => (room = new PoolRoom()));
afterEach(() => room.close());

describe('a half-open connection', () => {
  it('is found within 15 s while a request waits', async () => {
    const peer = await room.startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    room.closing.push(() => proxy.close());
    const pool = room.poolTo(proxy.url);
    const asked = ask(pool);
    await peer.streams(1);
    proxy.freeze();
    room.clock.advance(14_999);
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
    room.clock.advance(1);
    expect(await asked).toBe('keepalive_timeout');
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is found when the requests on it were given up', async () => {
    const peer = await room.startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    room.closing.push(() => proxy.close());
    const pool = room.poolTo(proxy.url);
    const opened = await open(pool);
    proxy.freeze();
    room.clock.advance(5000);
    if (opened.kind !== 'begun') throw new Error(opened.reason);
    opened.stream.close();
    opened.session.end(false);
    room.clock.advance(10_000);
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is not what a session is that owes no answer', async () => {
    const peer = await room.startPeer(accept);
    const pool = room.poolTo(peer.url);
    await ask(pool);
    let pings = 0;
    peer.first.on('ping', () => pings++);
    room.clock.advance(60_000);
    expect(await ask(pool)).toBe('answered');
    expect(pings).toBe(0);
  });

  it('is not what a slow peer makes, as long as it answers PINGs', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url);
    void ask(pool);
    await peer.streams(1);
    for (let each = 0; each < 3; each++) {
      const session = peer.first;
      const ping = once(session, 'ping');
      room.clock.advance(10_000);
      await ping;
      await pinged(peer);
    }
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
  });

  it('is looked for half as often by a peer that takes PINGs for abuse', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url, { sessions: 1 });
    const lost = ask(pool);
    await peer.streams(1);
    peer.first.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
    expect(await lost).toBe('GOAWAY_11');
    await until(() => pool.stats.sessions === 0);
    room.clock.advance(1000);
    void ask(pool);
    await peer.streams(2);
    let pings = 0;
    for (const session of peer.sessions) session.on('ping', () => pings++);
    room.clock.advance(19_999);
    await pinged(peer);
    expect(pings).toBe(0);
    room.clock.advance(1);
    await pinged(peer);
    expect(pings).toBe(1);
  });
});

/** Frames stay in order: when the peer's PING is answered, ours was sent, and its answer read, before. */
async function pinged(peer: H2Peer): Promise<void> {
  await new Promise((resolve) => peer.sessions.at(-1)?.ping(resolve));
}
