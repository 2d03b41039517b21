import { accepted, retry as again } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { breaker } from './breaker.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { retry } from './retry.js';
import type { Retry } from './retry.js';
import { stack } from '../send/sender.js';

const down = again('UNAVAILABLE');

describe('retry at a shutdown that persists', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let layer: Retry;
  let seen: { outcome: Outcome; at: number }[];

  function start(options = {}, signal = never()): void {
    layer = retry({ clock, random: () => 0.5, ...options });
    const sender = layer(peer);
    send = () => {
      void sender
        .send(batchOf(), signal)
        .then((outcome) => seen.push({ outcome, at: clock.now() }));
    };
  }
  let send: () => void;
  function gaps(): readonly number[] {
    return peer.times.slice(1).map((at, index) => Math.round(at - (peer.times[index] ?? 0)));
  }

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock, { script: () => down });
    seen = [];
  });

  it('repeats attempts after pauses of 100 ms that grow to 1 s, until the signal aborts', async () => {
    const deadline = new AbortController();
    start({}, deadline.signal);
    send();
    await turn();
    layer.stopWaiting(() => true);
    await clock.advance(8000);
    expect(gaps().slice(0, 5)).toEqual([100, 100, 150, 225, 338]);
    expect(Math.max(...gaps())).toBeLessThanOrEqual(1000);
    expect(peer.times.at(-1)).toBeGreaterThan(7000);
    expect(seen).toEqual([]);
    deadline.abort();
    await turn();
    expect(seen.map(({ outcome }) => outcome)).toEqual([again('aborted')]);
  });

  it.each([
    ['timeout', 'unanswered'],
    ['ECONNRESET', 'unanswered'],
    ['UNAVAILABLE', 'aborted'],
  ])(
    'reports whether an attempt may have arrived: after %s, the reason is %s',
    async (reason, told) => {
      const deadline = new AbortController();
      start({}, deadline.signal);
      peer.script = () => again(reason);
      send();
      await clock.advance(1);
      deadline.abort();
      await turn();
      expect(seen.map(({ outcome }) => outcome)).toEqual([again(told)]);
    },
  );

  it('does not persist for a busy peer, nor once the batch is kept elsewhere', async () => {
    start();
    peer.script = () => again('429', 60_000);
    send();
    await turn();
    let persists = true;
    layer.stopWaiting(() => persists);
    await clock.advance(100);
    expect(seen).toHaveLength(1);
    peer.script = () => down;
    send();
    await clock.advance(2000);
    expect(seen).toHaveLength(1);
    persists = false;
    await clock.advance(2000);
    expect(seen).toHaveLength(2);
  });

  it('probes an open breaker at once, and sends all batches if a probe succeeds', async () => {
    const circuit = breaker({ clock, random: () => 0 });
    layer = retry({ clock, random: () => 0.5, breaker: circuit });
    const sender = stack([layer, circuit], peer);
    send = () => {
      void sender
        .send(batchOf(), never())
        .then((outcome) => seen.push({ outcome, at: clock.now() }));
    };
    for (let count = 0; count < 8; count += 1) send();
    await clock.advance(60_000);
    const before = peer.attempts.length;
    layer.stopWaiting(() => true);
    circuit.hurry();
    // A probe has just failed, and attempts stay 100 ms apart.
    await clock.advance(100);
    expect(peer.attempts.length).toBe(before + 1);
    await clock.advance(3000);
    expect(peer.attempts.length).toBeGreaterThan(before + 4);
    expect(peer.attempts.length).toBeLessThan(before + 12);
    expect(seen).toEqual([]);
    peer.script = () => accepted;
    await clock.advance(1300);
    expect(seen.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 8 }, () => accepted));
    await sender.close();
    expect(clock.pending).toBe(0);
  });
});

describe('retry at a shutdown, if an attempt has just found nobody', () => {
  it('returns waiting batches without another attempt, and tries a new batch once', async () => {
    const clock = new ManualClock();
    const refusedThere = again('ECONNREFUSED');
    const peer = new ScriptedSender(clock, { script: () => refusedThere });
    const layer = retry({ clock, random: () => 0.5, isInVain: () => true });
    const sender = layer(peer);
    const waiting = sender.send(batchOf(), never());
    await turn();
    expect([peer.attempts.length, clock.pending]).toEqual([1, 1]);
    layer.stopWaiting();
    expect(await waiting).toEqual(refusedThere);
    expect([peer.attempts.length, clock.pending]).toEqual([1, 0]);
    expect(await sender.send(batchOf(), never())).toEqual(refusedThere);
    expect([peer.attempts.length, clock.pending]).toEqual([2, 0]);
  });
});
