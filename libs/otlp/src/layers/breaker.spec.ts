import { accepted, partial, refused, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import { breaker } from './breaker.js';
import type { Breaker } from './breaker.js';
import type { BreakerState } from './breaker-circuit.js';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';

const down = retry('ECONNREFUSED');

describe('breaker', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let circuit: Breaker;
  let changes: BreakerState[];
  let answer: Outcome;
  let send: () => Promise<Outcome>;

  async function sendAll(...outcomes: readonly Outcome[]): Promise<void> {
    for (const outcome of outcomes) {
      answer = outcome;
      await send();
    }
  }
  function times(count: number, outcome: Outcome): readonly Outcome[] {
    return Array.from({ length: count }, () => outcome);
  }
  function openIt(): Promise<void> {
    return sendAll(...times(5, down));
  }

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock, { script: () => answer });
    circuit = breaker({ clock, random: () => 0 });
    changes = [];
    circuit.onChange((state) => changes.push(state));
    const sender = circuit(peer);
    send = () => sender.send(batchOf(), never());
  });

  it.each(['ECONNREFUSED', 'UNAVAILABLE', 'timeout', '503'])(
    'opens after five failures in a row: %s',
    async (reason) => {
      await sendAll(...times(4, retry(reason)));
      expect(circuit.state()).toEqual({ kind: 'closed' });
      await sendAll(retry(reason));
      expect(circuit.state()).toEqual({ kind: 'open', reason, sinceMs: 0, probeAtMs: 1000 });
      expect(await send()).toEqual(retry('breaker_open', 1000));
      expect(peer.attempts).toHaveLength(5);
    },
  );

  it.each([accepted, partial(1, 'x'), refused('UNAUTHENTICATED'), retry('RESOURCE_EXHAUSTED', 5)])(
    'starts counting failures anew after an answer of a healthy peer: %p',
    async (outcome) => {
      await sendAll(...times(4, down), outcome, ...times(4, down));
      expect(circuit.state().kind).toBe('closed');
    },
  );

  it.each([refused('400'), refused('PERMISSION_DENIED'), retry('429', 1000), retry('aborted')])(
    'never opens for %p',
    async (outcome) => {
      await sendAll(...times(100, outcome));
      expect(circuit.state().kind).toBe('closed');
    },
  );

  it('does not count attempts that our own event loop delayed', async () => {
    await sendAll(...times(100, retry('event_loop_blocked')));
    expect(circuit.state().kind).toBe('closed');
  });

  it('opens if half of at least ten calls within ten seconds failed', async () => {
    await sendAll(...times(4, accepted), down, accepted, down, down, accepted);
    expect(circuit.state().kind).toBe('closed');
    await sendAll(...times(2, down));
    expect(circuit.state().kind).toBe('closed');
    await sendAll(accepted, down, down);
    expect(circuit.state().kind).toBe('open');
  });

  it('ignores calls that are older than ten seconds', async () => {
    for (let round = 0; round < 4; round += 1) await sendAll(down, down, accepted);
    expect(circuit.state().kind).toBe('open');
    circuit = breaker({ clock });
    const sender = circuit(peer);
    send = () => sender.send(batchOf(), never());
    await sendAll(...times(3, accepted), down, down, down, down, accepted);
    await clock.advance(11_000);
    await sendAll(down, down, down, down, accepted);
    expect(circuit.state().kind).toBe('closed');
  });

  it('sends one probe, and closes if it succeeds', async () => {
    await openIt();
    await clock.advance(999);
    expect(await send()).toEqual(retry('breaker_open', 1));
    await clock.advance(1);
    expect(circuit.state()).toMatchObject({ kind: 'half-open', probing: false, sinceMs: 0 });

    peer.script = () => undefined;
    const probe = send();
    expect(circuit.state()).toMatchObject({ kind: 'half-open', probing: true });
    expect(await send()).toMatchObject({ reason: 'breaker_open' });
    expect(peer.attempts).toHaveLength(6);
    peer.last.answer(accepted);
    expect(await probe).toBe(accepted);
    expect(circuit.state()).toEqual({ kind: 'closed' });
    expect(changes.map((state) => state.kind)).toEqual([
      'open',
      'half-open',
      'half-open',
      'closed',
    ]);
  });

  it.each([refused('400'), retry('429', 5), partial(1, 'x')])(
    'closes if the probe shows a healthy peer: %p',
    async (outcome) => {
      await openIt();
      await clock.advance(1000);
      await sendAll(outcome);
      expect(circuit.state().kind).toBe('closed');
    },
  );

  it('sends another probe if the first one was aborted', async () => {
    await openIt();
    await clock.advance(1000);
    await sendAll(retry('aborted'));
    expect(circuit.state()).toMatchObject({ kind: 'half-open', probing: false });
    await sendAll(accepted);
    expect(circuit.state().kind).toBe('closed');
  });

  it('probes each second in the first minute, then more slowly, but at least every 30 s', async () => {
    await openIt();
    answer = down;
    let pause = 0;
    let longestInFirstMinute = 0;
    let longest = 0;
    while (clock.now() < 3_600_000) {
      const state = circuit.state();
      if (state.kind !== 'open') throw new Error(state.kind);
      pause = state.probeAtMs - clock.now();
      longest = Math.max(longest, pause);
      if (clock.now() <= 60_000) longestInFirstMinute = longest;
      await clock.advance(pause);
      await send();
    }
    expect([longestInFirstMinute, longest, pause]).toEqual([1000, 30_000, 30_000]);
    expect(circuit.state()).toMatchObject({ kind: 'open', sinceMs: 0 });
  });

  it('adds jitter to the pause before a probe, and never shortens it', async () => {
    const pauses: number[] = [];
    for (const chance of [0, 0.5, 0.999]) {
      circuit = breaker({ clock, random: () => chance });
      const sender = circuit(peer);
      send = () => sender.send(batchOf(), never());
      await openIt();
      const state = circuit.state();
      if (state.kind === 'open') pauses.push(state.probeAtMs - clock.now());
    }
    expect(pauses).toEqual([1000, 1125, expect.closeTo(1249.75)]);
  });

  it('ignores answers to calls from before it opened', async () => {
    peer.script = () => undefined;
    const early = [send(), send()];
    const [first, second] = peer.attempts;
    peer.script = () => answer;
    await openIt();
    first?.answer(accepted);
    await early[0];
    expect(circuit.state().kind).toBe('open');
    await clock.advance(1000);
    peer.script = () => undefined;
    const probe = send();
    second?.answer(down);
    await early[1];
    expect(circuit.state()).toMatchObject({ kind: 'half-open', probing: true });
    peer.last.answer(accepted);
    await probe;
    expect(circuit.state().kind).toBe('closed');
  });

  it('continues if a listener throws, and stops calling a removed one', async () => {
    const kinds: string[] = [];
    circuit.onChange(() => {
      throw new Error('bug');
    });
    const leave = circuit.onChange((state) => kinds.push(state.kind));
    await openIt();
    leave();
    await clock.advance(1000);
    expect(kinds).toEqual(['open']);
  });

  it('answers closed after close(), and leaves no timer', async () => {
    circuit = breaker({ clock });
    const sender = circuit(peer);
    send = () => sender.send(batchOf(), never());
    await openIt();
    expect(clock.pending).toBe(1);
    await sender.close();
    expect(clock.pending).toBe(0);
    expect(await send()).toEqual(refused('closed'));
    await sender.close();
  });
});
