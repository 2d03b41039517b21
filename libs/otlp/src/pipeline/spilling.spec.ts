import { batchOf } from '../layers/fixtures/scripted-sender.js';
import type { Overflow } from './exporter.js';
import { Spilling } from './spilling.js';

/** An overflow whose answer the spec gives. */
function diskOf(answer: Promise<boolean>): Overflow {
  return { wants: () => true, isBehind: () => false, take: () => answer };
}

describe('Spilling', () => {
  it('counts a batch until the disk has answered, and calls back in that turn', async () => {
    const spilling = new Spilling(() => {});
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const told: unknown[] = [];
    const taking = spilling.take(batchOf('metrics'), diskOf(promise), (isTaken) =>
      told.push([isTaken, spilling.isIdle, spilling.isOrdered]),
    );
    expect([spilling.isIdle, spilling.isOrdered]).toEqual([false, true]);
    resolve(true);
    await taking;
    expect(told).toEqual([[true, true, false]]);
  });

  it('knows which signals go in order', () => {
    const spilling = new Spilling(() => {});
    void spilling.take(batchOf('traces'), diskOf(new Promise(() => {})), () => {});
    expect([spilling.isIdle, spilling.isOrdered]).toEqual([false, false]);
  });

  it('reports a batch as not stored if there is no disk, or if the disk rejects', async () => {
    const errors: unknown[] = [];
    const told: boolean[] = [];
    const spilling = new Spilling((error) => errors.push(error));
    const bug = new Error('a bug');
    await spilling.take(batchOf(), undefined, (isTaken) => told.push(isTaken));
    await spilling.take(batchOf(), diskOf(Promise.reject(bug)), (isTaken) => told.push(isTaken));
    await spilling.take(batchOf(), undefined, () => {
      throw bug;
    });
    expect(told).toEqual([false, false]);
    expect(errors).toEqual([bug, bug]);
    expect(spilling.isIdle).toBe(true);
  });
});
