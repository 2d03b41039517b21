import { accepted, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { timeout } from './timeout.js';

describe('timeout', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  function sender(ms: number, options: { deaf?: boolean } = {}): Sender {
    peer = new ScriptedSender(clock, options);
    return timeout(ms, clock)(peer);
  }
  function watched(sent: Promise<Outcome>): { outcome?: Outcome; at?: number } {
    const seen: { outcome?: Outcome; at?: number } = {};
    void sent.then((outcome) => Object.assign(seen, { outcome, at: clock.now() }));
    return seen;
  }

  beforeEach(() => {
    clock = new ManualClock();
  });

  it.each([accepted, refused('UNAUTHENTICATED'), retry('UNAVAILABLE', 5)])(
    'passes on an answer within its time, and leaves no timer: %p',
    async (outcome) => {
      const seen = watched(sender(1000).send(batchOf(), never()));
      await clock.advance(999);
      peer.last.answer(outcome);
      await turn();
      expect(seen.outcome).toBe(outcome);
      expect(peer.last.signal.aborted).toBe(false);
      expect(clock.pending).toBe(0);
    },
  );

  it('aborts the attempt at its deadline', async () => {
    const seen = watched(sender(1000).send(batchOf(), never()));
    await clock.advance(1000);
    expect(seen).toEqual({ outcome: retry('timeout'), at: 1000 });
    expect(peer.last.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it.each([1, 10, 1000, 10_000, 60_000])(
    'answers within 100 ms of a timeout of %d ms, even if the sender never settles',
    async (ms) => {
      const seen = watched(sender(ms, { deaf: true }).send(batchOf(), never()));
      await clock.advance(ms + 100);
      expect(seen.outcome).toEqual(retry('timeout'));
      expect(seen.at).toBeGreaterThanOrEqual(ms);
      expect(clock.pending).toBe(0);
    },
  );

  it('takes an answer that comes while it aborts the attempt', async () => {
    const seen = watched(sender(1000, { deaf: true }).send(batchOf(), never()));
    await clock.advance(1020);
    peer.last.answer(accepted);
    await turn();
    expect(seen.outcome).toBe(accepted);
  });

  it('answers within 50 ms of an aborted signal, with `aborted` if nothing was sent', async () => {
    const stop = new AbortController();
    const seen = watched(sender(1000, { deaf: true }).send(batchOf(), stop.signal));
    await clock.advance(10);
    stop.abort();
    await clock.advance(50);
    expect(seen).toEqual({ outcome: retry('unanswered'), at: 60 });
    expect(await sender(1000).send(batchOf(), stop.signal)).toEqual(retry('aborted'));
    expect(peer.attempts).toHaveLength(0);
  });

  it('takes an answer that came while the event loop was blocked beyond the deadline', async () => {
    const seen = watched(sender(1000, { deaf: true }).send(batchOf(), never()));
    await clock.advance(500);
    clock.block(5000);
    await clock.advance(10);
    expect(peer.last.signal.aborted).toBe(false);
    peer.last.answer(accepted);
    await turn();
    expect(seen.outcome).toBe(accepted);
  });

  it('does not blame the peer for time in which the event loop was blocked', async () => {
    const seen = watched(sender(1000).send(batchOf(), never()));
    await clock.advance(100);
    clock.block(700);
    await clock.advance(200);
    expect(seen).toEqual({ outcome: retry('event_loop_blocked'), at: 1000 });

    const late = watched(sender(1000).send(batchOf(), never()));
    clock.block(5000);
    await clock.advance(50);
    expect(late.outcome).toEqual(retry('event_loop_blocked'));
  });

  it('blames the peer if the event loop was merely busy', async () => {
    const seen = watched(sender(1000).send(batchOf(), never()));
    for (let round = 0; round < 60; round += 1) {
      clock.block(15);
      await clock.advance(5);
    }
    expect(seen.outcome).toEqual(retry('timeout'));
  });

  it('turns an exception of the sender into an outcome', async () => {
    const broken: Sender = {
      send: () => {
        throw new Error('bug');
      },
      close: () => Promise.resolve(),
    };
    const outcome = await timeout(1000, clock)(broken).send(batchOf(), never());
    expect(outcome).toEqual(retry('internal_error'));
    expect(clock.pending).toBe(0);
  });
});
