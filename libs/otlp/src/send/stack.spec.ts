import { accepted } from './outcome.js';
import type { Layer } from './sender.js';
import { ManualClock } from './fixtures/manual-clock.js';
import { batchOf, never, ScriptedSender } from '../layers/fixtures/scripted-sender.js';
import { stack } from './sender.js';

describe('stack', () => {
  const names: string[] = [];
  function named(name: string): Layer {
    return (next) => ({
      send: (batch, signal, trail) => {
        names.push(name);
        return next.send(batch, signal, trail);
      },
      close: () => next.close(),
    });
  }

  it('calls the first layer first, and closes the sender below', async () => {
    const peer = new ScriptedSender(new ManualClock(), { script: () => accepted });
    const sender = stack([named('observe'), named('retry')], peer);
    expect(await sender.send(batchOf(), never())).toBe(accepted);
    expect(names).toEqual(['observe', 'retry']);
    await sender.close();
    expect(peer.closes).toBe(1);
    expect(await sender.send(batchOf(), never())).toEqual({ kind: 'refused', reason: 'closed' });
  });

  it('is the sender itself without layers', () => {
    const peer = new ScriptedSender(new ManualClock());
    expect(stack([], peer)).toBe(peer);
  });
});
