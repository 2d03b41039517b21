import { accept, answer } from './fixtures/h2-peer.js';
import type { OnStream } from './fixtures/h2-peer.js';
import { ask, open, PoolRoom, urlOf } from './fixtures/pool-room.js';
import { until } from './fixtures/until.js';
import { resolvePoolOptions } from './pool-options.js';

let room: PoolRoom;
beforeEach(() => (room = new PoolRoom()));
afterEach(() => room.close());

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

describe('sharing', () => {
  it('opens a second session if the first is busy, and no third', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await room.startPeer((stream) => held.push(stream));
    const pool = room.poolTo(peer.url, { sessions: 2 });
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

  it('opens another session if a request on the first got no answer', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url, { sessions: 2 });
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
  it('replaces an old session, and lets its requests finish', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await room.startPeer((stream) => held.push(stream));
    const pool = room.poolTo(peer.url, { sessions: 1, keepaliveMs: 1e6 });
    const old = ask(pool);
    await peer.streams(1);
    room.clock.advanceAtOnce(300_000);
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
  ])('varies by a fifth (random %i)', async (random, ageMs) => {
    const peer = await room.startPeer(accept);
    const pool = room.poolTo(peer.url, { random: () => random });
    await ask(pool);
    room.clock.advanceAtOnce(ageMs - 1);
    expect(pool.stats.open).toBe(1);
    room.clock.advanceAtOnce(1);
    expect(pool.stats.open).toBe(0);
    await until(() => pool.stats.sessions === 0);
  });
});

describe('close', () => {
  it('lets requests in flight finish, and refuses others', async () => {
    const held: Parameters<OnStream>[0][] = [];
    const peer = await room.startPeer((stream) => held.push(stream), {
      settings: { maxConcurrentStreams: 1 },
    });
    const pool = room.poolTo(peer.url, { sessions: 1 });
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

  it('ends requests in flight when its signal aborts', async () => {
    const peer = await room.startPeer((stream) => stream);
    const pool = room.poolTo(peer.url);
    const asked = ask(pool);
    await peer.streams(1);
    const deadline = new AbortController();
    const closed = pool.close(deadline.signal);
    deadline.abort();
    expect(await asked).toBe('closed');
    await closed;
  });

  it('ends an attempt to connect', async () => {
    const server = await room.startSilent();
    const pool = room.poolTo(urlOf(server));
    const asked = ask(pool);
    await pool.close();
    expect(await asked).toBe('closed');
    expect(room.clock.pending).toBe(0);
  });

  it('leaves no timer', async () => {
    const peer = await room.startPeer(accept);
    const pool = room.poolTo(peer.url);
    await ask(pool);
    expect(room.clock.pending).toBeGreaterThan(0);
    await pool.close();
    expect(room.clock.pending).toBe(0);
  });
});

it('a pool keeps the process alive only while a request is in flight', async () => {
  const held: Parameters<OnStream>[0][] = [];
  const peer = await room.startPeer((stream) => held.push(stream));
  function sockets(): number {
    return process.getActiveResourcesInfo().filter((each) => each === 'TCPSocketWrap').length;
  }
  const before = sockets();
  const pool = room.poolTo(peer.url);
  const asked = ask(pool);
  await peer.streams(1);
  expect(sockets()).toBe(before + 2);
  for (const stream of held) answer(stream);
  await asked;
  expect(pool.stats.open).toBe(1);
  expect(sockets()).toBe(before + 1);
});
