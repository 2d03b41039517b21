import { accepted, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { adaptiveLimit } from './adaptive-limit.js';
import type { AdaptiveLimit } from './adaptive-limit.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';

describe('adaptiveLimit', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let layer: AdaptiveLimit;
  let sender: Sender;

  /** Sends `inFlight` batches at once (default: the limit), and answers them all after `latencyMs`. */
  async function round(
    latencyMs: number,
    outcome: Outcome = accepted,
    inFlight?: number,
    items?: number,
  ): Promise<void> {
    const from = peer.attempts.length;
    const count = inFlight ?? layer.limit();
    for (let sent = 0; sent < count; sent += 1) {
      void sender.send(batchOf('traces', items), never());
    }
    await clock.advance(latencyMs);
    for (const attempt of peer.attempts.slice(from)) attempt.answer(outcome);
    await turn();
  }
  async function grow(rounds: number, latencyMs: number): Promise<void> {
    for (let done = 0; done < rounds; done += 1) await round(latencyMs);
  }

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock);
    layer = adaptiveLimit({ clock });
    sender = layer(peer);
  });

  it('starts at 2 and grows to 32 while answers stay equally fast', async () => {
    expect(layer.limit()).toBe(2);
    await grow(1, 50);
    expect(layer.limit()).toBeGreaterThan(2);
    await grow(9, 50);
    expect(layer.limit()).toBe(32);
  });

  it('does not grow while fewer batches are in flight', async () => {
    for (let done = 0; done < 20; done += 1) await round(50, accepted, 1);
    expect(layer.limit()).toBe(2);
  });

  it.each(['RESOURCE_EXHAUSTED', '429', 'timeout', '503', 'DEADLINE_EXCEEDED'])(
    'is halved once for all batches in flight at %s, and never falls below 2',
    async (reason) => {
      await grow(10, 50);
      await clock.advance(2000);
      await round(50, retry(reason, 1));
      expect(layer.limit()).toBe(16);
      for (let done = 0; done < 10; done += 1) await round(1000, retry(reason));
      expect(layer.limit()).toBe(2);
    },
  );

  it('grows by one for each round of answers after it was halved', async () => {
    await grow(10, 50);
    await round(50, retry('429'));
    expect(layer.limit()).toBe(16);
    await grow(1, 50);
    expect(layer.limit()).toBeLessThanOrEqual(17);
    await grow(5, 50);
    expect(layer.limit()).toBeGreaterThanOrEqual(18);
    expect(layer.limit()).toBeLessThanOrEqual(22);
  });

  it.each(['ECONNREFUSED', 'UNAVAILABLE', 'breaker_open', 'event_loop_blocked', 'aborted'])(
    'does not change at %s',
    async (reason) => {
      await grow(10, 50);
      await round(50, retry(reason));
      expect(layer.limit()).toBe(32);
    },
  );

  it('finds the number of requests at which a peer begins to queue', async () => {
    // A peer that handles 8 batches at once. Further batches wait there.
    const limits: number[] = [];
    for (let done = 0; done < 400; done += 1) {
      await round(50 * Math.ceil(layer.limit() / 8));
      limits.push(layer.limit());
    }
    const late = limits.slice(100);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(6);
    expect(late.reduce((sum, limit) => sum + limit, 0) / late.length).toBeLessThan(24);
  });

  it('does not fall because large batches take longer', async () => {
    for (let done = 0; done < 30; done += 1) {
      await round(2, accepted, undefined, 10);
      await round(200, accepted, undefined, 10_000);
    }
    expect(layer.limit()).toBe(32);
  });

  it('closes the sender that it wraps', async () => {
    await sender.close();
    expect(peer.closes).toBe(1);
  });

  it('stays within the given bounds', async () => {
    layer = adaptiveLimit({ clock, min: 1, max: 4, initial: 9 });
    sender = layer(peer);
    expect(layer.limit()).toBe(4);
    for (let done = 0; done < 5; done += 1) await round(1100, retry('429'));
    expect(layer.limit()).toBe(1);
  });
});
