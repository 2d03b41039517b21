import { once } from 'node:events';
import { constants } from 'node:http2';
import { accept, answer } from './fixtures/h2-peer.js';
import type { H2Peer } from './fixtures/h2-peer.js';
import { ask, open, PoolRoom } from './fixtures/pool-room.js';
import { startTcpProxy } from './fixtures/tcp-proxy.js';
import { until } from './fixtures/until.js';

let room: PoolRoom;
beforeEach(() => (room = new PoolRoom()));
afterEach(() => room.close());

describe('a half-open connection', () => {
  it('is detected within 15 s while a request waits', async () => {
    const peer = await room.startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    room.closing.push(() => proxy.close());
    const pool = room.poolTo(proxy.url);
    const asked = ask(pool);
    await peer.streams(1);
    proxy.freeze();
    room.clock.advanceAtOnce(14_999);
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
    room.clock.advanceAtOnce(1);
    expect(await asked).toBe('keepalive_timeout');
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is detected after its requests were cancelled', async () => {
    const peer = await room.startPeer((stream) => stream);
    const proxy = await startTcpProxy(peer.port);
    room.closing.push(() => proxy.close());
    const pool = room.poolTo(proxy.url);
    const opened = await open(pool);
    proxy.freeze();
    room.clock.advanceAtOnce(5000);
    if (opened.kind !== 'begun') throw new Error(opened.reason);
    opened.stream.close();
    opened.session.end(false);
    room.clock.advanceAtOnce(10_000);
    await until(() => pool.stats.sessions === 0);
    expect(pool.stats.lastError).toBe('keepalive_timeout');
  });

  it('is not checked while no answer is due', async () => {
    const peer = await room.startPeer(accept);
    const pool = room.poolTo(peer.url);
    await ask(pool);
    let pings = 0;
    peer.first.on('ping', () => pings++);
    room.clock.advanceAtOnce(60_000);
    expect(await ask(pool)).toBe('answered');
    expect(pings).toBe(0);
  });

  it('is not suspected while the peer answers PINGs', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url);
    void ask(pool);
    await peer.streams(1);
    for (const pause of [10_000, 20_000, 40_000]) await pingAfter(peer, pause);
    expect(pool.stats).toMatchObject({ open: 1, inFlight: 1 });
  });

  it('gets at most three PINGs without other frames from the peer, then one every five minutes', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url, { sessions: 1, maxAgeMs: 3_600_000 });
    const asked = ask(pool);
    const stream = await peer.streams(1);
    const policy = enforce(peer);
    for (const pause of [10_000, 20_000, 40_000]) await pingAfter(peer, pause);
    expect(policy).toEqual({ strikes: 2, pings: 3 });
    room.clock.advanceAtOnce(309_999);
    await pinged(peer);
    expect(policy.pings).toBe(3);
    await pingAfter(peer, 1);
    expect(policy).toEqual({ strikes: 2, pings: 4 });
    answer(stream);
    expect(await asked).toBe('answered');
    expect(pool.stats).toMatchObject({ open: 1, reconnects: 0 });
  });

  it('gets a PING again after 10 s of silence if the peer has sent something', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url, { sessions: 1 });
    const asked = [ask(pool), ask(pool)];
    const first = await peer.streams(1);
    const second = await peer.streams(2);
    let pings = 0;
    peer.first.on('ping', () => pings++);
    for (const pause of [10_000, 20_000, 40_000]) await pingAfter(peer, pause);
    expect(pings).toBe(3);
    answer(first);
    expect(await asked[0]).toBe('answered');
    room.clock.advanceAtOnce(9999);
    await pinged(peer);
    expect(pings).toBe(3);
    await pingAfter(peer, 1);
    expect(pings).toBe(4);
    answer(second);
    expect(await asked[1]).toBe('answered');
  });

  it('gets PINGs half as often if the peer has complained of too many', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url, { sessions: 1 });
    const lost = ask(pool);
    await peer.streams(1);
    peer.first.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from('too_many_pings'));
    expect(await lost).toBe('GOAWAY_11');
    await until(() => pool.stats.sessions === 0);
    room.clock.advanceAtOnce(1000);
    void ask(pool);
    await peer.streams(2);
    let pings = 0;
    for (const session of peer.sessions) session.on('ping', () => pings++);
    room.clock.advanceAtOnce(19_999);
    await pinged(peer);
    expect(pings).toBe(0);
    room.clock.advanceAtOnce(1);
    await pinged(peer);
    expect(pings).toBe(1);
  });
});

/** Advances the clock by `ms`, and waits for our PING and its answer. */
async function pingAfter(peer: H2Peer, ms: number): Promise<void> {
  const ping = once(peer.first, 'ping');
  room.clock.advanceAtOnce(ms);
  await ping;
  await pinged(peer);
}

/** Sends a PING of the peer. Frames keep their order, so our earlier PING has been answered when this one is. */
async function pinged(peer: H2Peer): Promise<void> {
  await new Promise((resolve) => peer.sessions.at(-1)?.ping(resolve));
}

/**
 * The policy of grpc-go while a stream is open. A PING within 5 minutes of the one before is a strike, except for the
 * first PING after a frame from the server. The third strike ends the connection.
 */
function enforce(peer: H2Peer): { strikes: number; pings: number } {
  const policy = { strikes: 0, pings: 0 };
  let lastAt = -Infinity;
  peer.first.on('ping', () => {
    policy.pings += 1;
    if (room.clock.now() - lastAt < 300_000) policy.strikes += 1;
    lastAt = room.clock.now();
  });
  return policy;
}
