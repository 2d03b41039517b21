import { accepted, partial, retry as again } from '../send/outcome.js';
import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { adaptiveLimit } from './adaptive-limit.js';
import { splitBatches } from './batch-splitter.js';
import { breaker } from './breaker.js';
import { batchOf, inTurn, never, ScriptedSender } from './fixtures/scripted-sender.js';
import { observe } from './observe.js';
import type { Operation } from './observe.js';
import { reach } from './reach.js';
import { requestSize } from './request-size.js';
import { retry } from './retry.js';
import { stack } from '../send/sender.js';
import { timeout } from './timeout.js';

describe('observe', () => {
  let clock: ManualClock;
  let peer: ScriptedSender;
  let operations: Operation[];

  beforeEach(() => {
    clock = new ManualClock();
    peer = new ScriptedSender(clock);
    operations = [];
  });

  it('reports each operation once, with attempts and pauses', async () => {
    const listener = { ended: (operation: Operation) => operations.push(operation) };
    const layers = [observe(listener, clock), retry({ clock, random: () => 0.5 })];
    peer.script = inTurn(again('UNAVAILABLE'), again('UNAVAILABLE'), partial(2, 'late'));
    void stack(layers, peer).send(batchOf('logs', 20), never());
    await clock.advance(2000);
    expect(operations).toEqual([]);
    await clock.advance(2000);
    expect(operations).toEqual([
      {
        signal: 'logs',
        items: 20,
        bytes: 2000,
        attempts: 3,
        durationMs: 2500,
        possibleDuplicate: false,
        outcome: partial(2, 'late'),
      },
    ]);
  });

  it('reports a possible duplicate if an attempt may have arrived', async () => {
    const listener = { ended: (operation: Operation) => operations.push(operation) };
    const sender = stack([observe(listener, clock), retry({ clock })], peer);
    for (const reason of ['ECONNRESET', 'timeout', 'ECONNREFUSED', 'UNAVAILABLE']) {
      const before = peer.attempts.length;
      peer.script = (_attempt, index) => (index === before ? again(reason) : accepted);
      void sender.send(batchOf(), never());
      await clock.advance(5000);
    }
    expect(operations.map((operation) => operation.possibleDuplicate)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('reports no duplicate if the failed attempts sent nothing', async () => {
    const listener = { ended: (operation: Operation) => operations.push(operation) };
    const sender = stack([observe(listener, clock), retry({ clock })], peer);
    const failures = [
      [true, true],
      [true, false],
    ];
    for (const unsent of failures) {
      const before = peer.attempts.length;
      peer.script = ({ trail }, index) => {
        if (index >= before + 2) return accepted;
        if (unsent[index - before]) trail!.unsent = true;
        return again('connection_closed');
      };
      void sender.send(batchOf(), never());
      await clock.advance(10_000);
    }
    expect(operations.map((operation) => operation.possibleDuplicate)).toEqual([false, true]);
  });

  it('reads the trail of the transport through all layers', async () => {
    peer.script = ({ trail }) => {
      trail!.resent = true;
      return accepted;
    };
    const layers = [
      observe({ ended: (operation) => operations.push(operation) }, clock),
      splitBatches((batch) => [batch]),
      retry({ clock }),
      breaker({ clock }),
      adaptiveLimit({ clock }),
      requestSize({ clock }),
      timeout(1000, clock),
      reach(clock),
    ];
    expect(await stack(layers, peer).send(batchOf(), never())).toBe(accepted);
    expect(operations).toMatchObject([{ attempts: 1, possibleDuplicate: true }]);
  });

  it('counts one attempt without a retry layer', async () => {
    peer.script = () => accepted;
    const started: number[] = [];
    const sender = observe(
      {
        started: (batch) => started.push(batch.items),
        ended: (operation) => operations.push(operation),
      },
      clock,
    )(peer);
    await sender.send(batchOf('metrics', 3), never());
    expect(started).toEqual([3]);
    expect(operations[0]).toMatchObject({ attempts: 1, durationMs: 0, outcome: accepted });
    await sender.close();
    expect(peer.closes).toBe(1);
  });

  it('sends even if a listener throws', async () => {
    function fail(): never {
      throw new Error('bug');
    }
    peer.script = () => accepted;
    const sender = observe({ started: fail, ended: fail }, clock)(peer);
    expect(await sender.send(batchOf(), never())).toBe(accepted);
    await turn();
  });
});
