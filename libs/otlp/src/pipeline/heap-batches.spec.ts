import type { Signal } from '../wire/model.js';
import { HeapBatches } from './heap-batches.js';
import type { HeapBatch } from './heap-queue.js';

function batch(id: number, signal: Signal, items: number): HeapBatch {
  return { id, signal, items, bytes: 10, chunks: [new Uint8Array(10)] };
}

describe('HeapBatches', () => {
  it('count as in hand from when they are taken until they are settled', () => {
    const batches = new HeapBatches();
    batches.add(batch(1, 'metrics', 3));
    batches.add(batch(2, 'logs', 5));
    expect([batches.bytes, batches.inHand()]).toEqual([20, { traces: 0, metrics: 0, logs: 0 }]);
    batches.taken(1);
    batches.taken(2);
    batches.settled(2);
    expect([batches.bytes, batches.inHand()]).toEqual([10, { traces: 0, metrics: 3, logs: 0 }]);
  });

  it('wait again, in their order, when the worker is gone', () => {
    const batches = new HeapBatches();
    for (const id of [1, 2]) batches.add(batch(id, 'traces', id));
    batches.taken(2);
    expect(batches.reclaim()).toEqual({ traces: 2, metrics: 0, logs: 0 });
    expect(batches.reclaim()).toEqual({ traces: 0, metrics: 0, logs: 0 });
    expect([...batches].map(({ id }) => id)).toEqual([1, 2]);
    expect(batches.removeAll().map(({ id }) => id)).toEqual([1, 2]);
    expect([...batches, batches.bytes]).toEqual([0]);
  });
});
