import { accepted, partial, refused, retry as again, retryInParts } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { breaker } from './breaker.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, inTurn, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { retry } from './retry.js';
import type { Retry, RetryOptions } from './retry.js';
import { RetryBudget } from './retry-schedule.js';
import { stack } from '../send/sender.js';

const down = again('UNAVAILABLE');
/** A random source in the middle of the range, so that pauses have their nominal length. */
function middle(): number {
  return 0.5;
}

describe('retry', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let layer: Retry;
  let seen: { outcome: Outcome; at: number }[];

  function start(options: RetryOptions = {}, signal = never()): void {
    layer = retry({ clock, random: middle, ...options });
    const sender = layer(peer);
    send = () => {
      void sender
        .send(batchOf(), signal)
        .then((outcome) => seen.push({ outcome, at: clock.now() }));
    };
    close = () => sender.close();
  }
  let send: () => void;
  let close: () => Promise<void>;
  function gaps(): readonly number[] {
    return peer.times.slice(1).map((at, index) => Math.round(at - (peer.times[index] ?? 0)));
  }

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock, { script: () => down });
    seen = [];
  });

  it.each([accepted, partial(3, 'bad'), refused('400')])(
    'passes %p on without a retry or a timer',
    async (outcome) => {
      peer.script = () => outcome;
      start();
      send();
      await turn();
      expect(seen).toEqual([{ outcome, at: 0 }]);
      expect(clock.pending).toBe(0);
    },
  );

  it('waits 1 s, then 1.5 times as long each time', async () => {
    peer.script = inTurn(down, down, down, down);
    start();
    send();
    await clock.advance(60_000);
    expect(gaps()).toEqual([1000, 1500, 2250, 3375]);
    expect(seen[0]?.outcome).toBe(accepted);
  });

  it('waits at most 30 s, and ends after five minutes with the last reason', async () => {
    start({ budget: new RetryBudget(0.1, 1000) });
    send();
    await clock.advance(400_000);
    expect(Math.max(...gaps())).toBeLessThanOrEqual(30_000);
    expect(seen).toEqual([{ outcome: down, at: 300_000 }]);
    expect(peer.last.at).toBe(300_000);
    expect(clock.pending).toBe(0);
  });

  it('waits half as long if the peer accepted a batch within the last second', async () => {
    peer.script = inTurn(accepted, down, accepted, down);
    start();
    send();
    await clock.advance(900);
    send();
    await clock.advance(5000);
    expect(gaps()).toEqual([900, 500]);
    send();
    await clock.advance(5000);
    expect(gaps().at(-1)).toBe(1000);
  });

  it.each([
    [0, 500],
    [1, 1500],
  ])('varies pauses by half, for the random number %d', async (chance, pause) => {
    peer.script = inTurn(down);
    start({ random: () => chance });
    send();
    await clock.advance(5000);
    expect(gaps()).toEqual([pause]);
  });

  it.each([
    ['none', undefined, 1000],
    ['0', 0, 1000],
    ['5 s', 5000, 5625],
    ['10 years', 315_360_000_000, 60_000],
    ['for ever', Infinity, 60_000],
    ['a negative pause', -1, 1000],
    ['no number', Number.NaN, 1000],
  ])('keeps the pause that the peer asks for, up to 60 s: %s', async (_name, afterMs, pause) => {
    peer.script = inTurn(again('RESOURCE_EXHAUSTED', afterMs));
    start();
    send();
    await clock.advance(120_000);
    expect(gaps()).toEqual([pause]);
  });

  it('keeps attempts at least 100 ms apart', async () => {
    peer.script = () => again('429', 0);
    start({ initialMs: 1, factor: 1, maxMs: 1 });
    send();
    await clock.advance(1000);
    expect(gaps()).toEqual(Array.from({ length: 10 }, () => 100));
  });

  it('does not shorten a pause that the peer asked for, even if the time for retries is up', async () => {
    peer.script = inTurn(again('429', 20_000));
    start({ maxElapsedMs: 10_000 });
    send();
    await clock.advance(60_000);
    expect(seen).toEqual([{ outcome: accepted, at: 22_500 }]);
  });

  it('returns a batch for splitting after its pause, without use of the budget', async () => {
    peer.script = () => again('timeout');
    const budget = new RetryBudget(0, 1);
    start({ splits: () => peer.attempts.length > 1, budget });
    send();
    await clock.advance(10_000);
    expect(gaps()).toEqual([1000]);
    expect(seen).toEqual([{ outcome: retryInParts('timeout'), at: 2500 }]);
  });

  it('keeps attempts of several batches apart while the peer fails', async () => {
    start({ initialMs: 1, healthyInitialMs: 1, maxMs: 1 });
    send();
    await turn();
    for (let count = 0; count < 5; count += 1) send();
    await clock.advance(2000);
    expect(Math.min(...gaps())).toBeGreaterThanOrEqual(100);
    peer.script = () => accepted;
    await clock.advance(1000);
    expect(seen).toHaveLength(6);
  });

  it('ends at once if the signal aborts', async () => {
    const stop = new AbortController();
    start({}, stop.signal);
    send();
    await clock.advance(500);
    expect(layer.waiting()).toBe(1);
    stop.abort();
    await turn();
    expect(seen).toEqual([{ outcome: again('aborted'), at: 500 }]);
    expect(clock.pending).toBe(0);
    send();
    await turn();
    expect(seen[1]?.outcome).toEqual(again('aborted'));
    expect(peer.attempts).toHaveLength(1);
  });

  it('ends its pauses at close(), and then answers closed', async () => {
    start();
    send();
    await turn();
    await close();
    await turn();
    send();
    await turn();
    expect(seen.map(({ outcome }) => outcome)).toEqual([again('aborted'), refused('closed')]);
    expect(clock.pending).toBe(0);
    expect(peer.closes).toBe(1);
  });

  it('ends a batch at close() that waits for its turn', async () => {
    start();
    send();
    await turn();
    send();
    await turn();
    expect(layer.waiting()).toBe(2);
    await close();
    await turn();
    expect(seen.map(({ outcome }) => outcome)).toEqual([again('aborted'), again('aborted')]);
    expect(clock.pending).toBe(0);
  });

  it('calls `paused` for each pause', async () => {
    let free = 0;
    start({ paused: () => (free += 1) });
    send();
    await clock.advance(2000);
    expect(free).toBe(2);
  });

  it('uses a tenth of the traffic for quick retries, and waits longer after that', async () => {
    start({ budget: new RetryBudget(0.1, 2) });
    send();
    await clock.advance(120_000);
    expect(gaps().slice(0, 4)).toEqual([1000, 1500, 22_500, 22_500]);
    peer.script = () => accepted;
    await clock.advance(30_000);
    expect(seen[0]?.outcome).toBe(accepted);
  });

  describe('at the shutdown', () => {
    it('makes one more attempt for a waiting batch, then returns it', async () => {
      start();
      send();
      await clock.advance(1200);
      layer.stopWaiting();
      await clock.advance(0);
      expect(gaps()).toEqual([1000, 200]);
      expect(seen).toEqual([{ outcome: down, at: 1200 }]);
    });

    it('keeps attempts at least 100 ms apart', async () => {
      start();
      send();
      await clock.advance(30);
      layer.stopWaiting();
      await clock.advance(1000);
      expect(peer.times).toEqual([0, 100]);
      expect(seen).toEqual([{ outcome: down, at: 100 }]);
    });

    it('makes one more attempt for batches that are in flight or new', async () => {
      peer.script = () => undefined;
      start();
      send();
      await turn();
      layer.stopWaiting();
      peer.last.answer(down);
      peer.script = () => down;
      await clock.advance(100);
      expect(seen).toEqual([{ outcome: down, at: 100 }]);
      send();
      await clock.advance(100);
      expect(peer.times).toEqual([0, 100, 100, 200]);
      expect(seen).toHaveLength(2);
    });
  });

  describe('with a breaker', () => {
    function startStack(): void {
      const circuit = breaker({ clock, random: () => 0 });
      layer = retry({ clock, random: middle, breaker: circuit });
      const sender = stack([layer, circuit], peer);
      send = () => {
        void sender
          .send(batchOf(), never())
          .then((outcome) => seen.push({ outcome, at: clock.now() }));
      };
      close = () => sender.close();
    }

    it('probes each second while a batch waits, and sends all others after a success', async () => {
      startStack();
      for (let count = 0; count < 8; count += 1) send();
      await clock.advance(60_000);
      const before = peer.attempts.length;
      await clock.advance(10_000);
      expect(peer.attempts.length - before).toBeGreaterThanOrEqual(8);
      expect(peer.attempts.length - before).toBeLessThanOrEqual(10);
      peer.script = () => accepted;
      await clock.advance(1300);
      expect(seen).toHaveLength(8);
      expect(layer.waiting()).toBe(0);
      await close();
      expect(clock.pending).toBe(0);
    });

    it('returns waiting batches at the shutdown, with the reason of the last attempt', async () => {
      startStack();
      for (let count = 0; count < 8; count += 1) send();
      await clock.advance(500);
      const before = peer.attempts.length;
      layer.stopWaiting();
      await turn();
      expect(seen.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 8 }, () => down));
      expect(peer.attempts).toHaveLength(before);
      send();
      await turn();
      expect(seen[8]?.outcome).toMatchObject({ reason: 'breaker_open' });
      await close();
    });
  });
});
