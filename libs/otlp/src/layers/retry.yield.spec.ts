import { accepted, retry as again } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { breaker } from './breaker.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { retry } from './retry.js';
import type { Retry } from './retry.js';
import { stack } from '../send/sender.js';

const down = again('UNAVAILABLE');

describe('retry with a better place for waiting batches', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let layer: Retry;
  let seen: Outcome[];
  let send: () => void;
  let close: () => Promise<void>;
  let isKept: boolean;

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock, { script: () => down });
    seen = [];
    isKept = true;
    const circuit = breaker({ clock, random: () => 0 });
    layer = retry({ clock, random: () => 0.5, breaker: circuit, yields: () => isKept });
    const sender = stack([layer, circuit], peer);
    send = () => void sender.send(batchOf(), never()).then((outcome) => seen.push(outcome));
    close = () => sender.close();
  });

  afterEach(() => close());

  it('returns waiting batches when the breaker opens, with the reason of the last attempt', async () => {
    for (let count = 0; count < 4; count += 1) send();
    await clock.advance(400);
    expect(seen).toEqual([]);
    expect(layer.why()).toBe('UNAVAILABLE');
    await clock.advance(30_000);
    expect(seen).toEqual([down, down, down, down]);
    expect(layer.why()).toBeUndefined();
  });

  it('returns new batches at once while the breaker is open', async () => {
    for (let count = 0; count < 5; count += 1) send();
    await clock.advance(500);
    const before = seen.length;
    const { length } = peer.attempts;
    send();
    await turn();
    expect(seen).toHaveLength(before + 1);
    expect(peer.attempts).toHaveLength(length);
  });

  it('keeps its batches while there is no better place', async () => {
    isKept = false;
    for (let count = 0; count < 5; count += 1) send();
    await clock.advance(30_000);
    expect(seen).toEqual([]);
    peer.script = () => accepted;
    await clock.advance(2000);
    expect(seen).toHaveLength(5);
    await close();
    expect(clock.pending).toBe(0);
  });
});
