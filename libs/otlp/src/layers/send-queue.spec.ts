import { accepted, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import { createSendQueue } from './send-queue.js';
import type { SendQueue } from './send-queue.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from './fixtures/scripted-sender.js';

describe('createSendQueue', () => {
  let queues: Record<Signal, number>;
  let limit: number;
  let peer: ScriptedSender;
  let queue: SendQueue;
  let settled: { batch: Batch; outcome: Outcome }[];
  function sent(signal: Signal): number {
    return peer.attempts.filter((attempt) => attempt.batch.signal === signal).length;
  }

  beforeEach(() => {
    queues = { traces: 0, metrics: 0, logs: 0 };
    limit = 2;
    settled = [];
    peer = new ScriptedSender(new ManualClock());
    queue = createSendQueue({
      take: (signal) => {
        if (queues[signal] === 0) return undefined;
        queues[signal] -= 1;
        return batchOf(signal);
      },
      sender: peer,
      signal: never(),
      settled: (batch, outcome) => settled.push({ batch, outcome }),
      limit: () => limit,
    });
  });

  it('sends as many batches at once as the limit allows, each once', async () => {
    queues.traces = 5;
    queue.wake();
    expect(peer.attempts).toHaveLength(2);
    queue.wake();
    expect(peer.attempts).toHaveLength(2);
    peer.last.answer(accepted);
    await turn();
    expect(peer.attempts).toHaveLength(3);
    limit = 4;
    queue.wake();
    expect(peer.attempts).toHaveLength(5);
    for (const attempt of peer.attempts) attempt.answer(accepted);
    await turn();
    expect(settled).toHaveLength(5);
    expect(new Set(settled.map(({ batch }) => batch)).size).toBe(5);
    expect(queue.inFlight()).toBe(0);
  });

  it('shares the slots by weight if all signals wait', async () => {
    limit = 8;
    queues = { traces: 1000, metrics: 1000, logs: 1000 };
    queue.wake();
    for (let answered = 0; answered < 700; answered += 1) {
      peer.attempts[answered]?.answer(accepted);
      await turn();
    }
    expect(sent('logs') / sent('traces')).toBeCloseTo(2, 0);
    expect(sent('metrics')).toBeGreaterThan(700 / 10);
  });

  it('sends metrics one at a time, and other signals up to the limit', async () => {
    limit = 8;
    queues = { traces: 20, metrics: 3, logs: 20 };
    const most = { traces: 0, metrics: 0, logs: 0 };
    queue.wake();
    for (let answered = 0; answered < 43; answered += 1) {
      for (const signal of SIGNALS) most[signal] = Math.max(most[signal], queue.inFlight(signal));
      expect(queue.hasRoom('metrics')).toBe(queue.inFlight('metrics') === 0);
      peer.attempts[answered]?.answer(accepted);
      await turn();
    }
    expect(sent('metrics')).toBe(3);
    expect(most.metrics).toBe(1);
    expect(Math.min(most.traces, most.logs)).toBeGreaterThan(1);
    expect(settled).toHaveLength(43);
  });

  it('sends no metrics while an earlier one waits for its retry', async () => {
    limit = 8;
    queues.metrics = 5;
    queue.wake();
    await turn();
    queue.wake();
    expect([sent('metrics'), queue.hasSlot('metrics')]).toEqual([1, false]);
  });

  it('keeps a slot for each signal while another signal waits for retries', async () => {
    queues.traces = 100;
    queue.wake();
    expect(sent('traces')).toBe(2);
    queues.metrics = 3;
    queues.logs = 3;
    queue.wake();
    for (let answered = 0; answered < 6; answered += 1) {
      expect(peer.attempts.length).toBeGreaterThan(2);
      for (const { batch, answer } of peer.attempts)
        if (batch.signal !== 'traces') answer(accepted);
      await turn();
    }
    expect([sent('metrics'), sent('logs')]).toEqual([3, 3]);
    expect(sent('traces')).toBe(2);
    expect(SIGNALS.map((signal) => queue.inFlight(signal))).toEqual([2, 0, 0]);
  });

  it('reuses the slots of batches that wait for a retry, up to four times the limit', () => {
    let waiting = 0;
    const more = createSendQueue({
      take: (signal) => (signal === 'traces' ? batchOf() : undefined),
      sender: peer,
      signal: never(),
      settled: () => {},
      limit: () => 2,
      waiting: () => waiting,
    });
    more.wake();
    expect(peer.attempts).toHaveLength(2);
    for (const [now, inFlight] of [
      [1, 3],
      [3, 5],
      [8, 8],
    ] as const) {
      waiting = now;
      more.wake();
      expect(more.inFlight()).toBe(inFlight);
    }
  });

  it('gives a signal that was silent no more than its share', async () => {
    limit = 8;
    queues = { traces: 1000, metrics: 0, logs: 0 };
    queue.wake();
    for (let answered = 0; answered < 200; answered += 1) {
      if (answered === 100) queues.logs = 1000;
      peer.attempts[answered]?.answer(accepted);
      await turn();
    }
    const late = peer.attempts.slice(110, 200).filter(({ batch }) => batch.signal === 'logs');
    expect(late.length / 90).toBeCloseTo(2 / 3, 1);
  });

  it('settles a batch whose sender rejects', async () => {
    const broken = createSendQueue({
      take: () => (queues.logs-- > 0 ? batchOf('logs') : undefined),
      sender: { send: () => Promise.reject(new Error('bug')), close: () => Promise.resolve() },
      signal: never(),
      settled: (batch, outcome) => settled.push({ batch, outcome }),
      limit: () => 1,
    });
    queues.logs = 2;
    broken.wake();
    await turn();
    expect(settled.map(({ outcome }) => outcome)).toEqual([
      retry('internal_error'),
      retry('internal_error'),
    ]);
  });
});
