import { ManualClock, turn } from '../send/fixtures/manual-clock.js';
import { accepted, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { allocateSlabs } from '../slab/memory.js';
import { SlabPool } from '../slab/slab-pool.js';
import { SlabReader } from '../slab/slab-reader.js';
import { ExportLoop } from './export-loop.js';
import type { HeapBatch } from './heap-queue.js';
import type { Exporter } from './exporter.js';

const BATCH: HeapBatch = {
  id: 0,
  signal: 'metrics',
  items: 3,
  bytes: 1,
  chunks: [new Uint8Array(1)],
};

/** An export loop with scripted outcomes, a scripted breaker, and a disk that answers when the spec says so. */
function bench() {
  const outcomes: Outcome[] = [];
  const exporter = { isOpen: false };
  const settled: string[] = [];
  const doubtful: number[] = [];
  let asked = Promise.withResolvers<void>();
  let answer = Promise.withResolvers<boolean>();
  const sender: Sender = {
    send: () => Promise.resolve(outcomes.shift() ?? accepted),
    close: () => Promise.resolve(),
  };
  const metrics: Exporter = {
    signals: ['metrics'],
    sender,
    once: sender,
    limit: () => 2,
    maxBytes: () => Infinity,
    waiting: () => 0,
    isOpen: () => exporter.isOpen,
    begun: () => 0,
    ended: () => 0,
    isNobodyThere: () => false,
    tryNow() {},
    hasHeaders() {},
    stopWaiting() {},
    state: () => {
      throw new Error('nobody asks');
    },
  };
  const loop = new ExportLoop({
    reader: new SlabReader(new SlabPool(allocateSlabs({ maxBytes: 4 * 4096, slabBytes: 4096 }))),
    exporters: { metrics },
    overflow: () => ({
      wants: () => false,
      isBehind: () => false,
      async take() {
        asked.resolve();
        const taken = await answer.promise;
        [asked, answer] = [Promise.withResolvers(), Promise.withResolvers()];
        return taken;
      },
    }),
    targetBytes: 4096,
    lingerMs: 1000,
    onHanded() {},
    onTaken() {},
    onDoubtful: (_signal, items) => doubtful.push(items),
    onSettled: (_batch, { kind }) => settled.push(kind),
    onError(error) {
      throw error;
    },
    clock: new ManualClock(),
  });
  return {
    loop,
    exporter,
    outcomes,
    settled,
    doubtful,
    asked: () => asked.promise,
    answer: () => answer,
  };
}

describe('export loop', () => {
  it('sends a batch that a slow disk refused after the collector came back', async () => {
    const { loop, exporter, outcomes, settled, asked, answer } = bench();
    outcomes.push(retry('UNAVAILABLE'));
    exporter.isOpen = true;
    loop.offer(BATCH);
    await asked();
    exporter.isOpen = false;
    answer().resolve(false);
    await loop.flush({ sequence: 0, heap: 1 });
    expect(settled).toEqual(['accepted']);
  });

  it('does not send a batch again whose time is up, even if the breaker opens while the disk refuses it', async () => {
    const { loop, exporter, outcomes, settled, asked, answer } = bench();
    outcomes.push(retry('UNAVAILABLE'));
    loop.offer(BATCH);
    await asked();
    exporter.isOpen = true;
    answer().resolve(false);
    await turn();
    expect(settled).toEqual(['retry']);
  });

  it.each([
    ['timeout', [3]],
    ['UNAVAILABLE', []],
  ])(
    'reports the items that it sends again after %s and that may arrive twice: %j',
    async (reason, told) => {
      const { loop, exporter, outcomes, settled, doubtful, asked, answer } = bench();
      outcomes.push(retry(reason));
      exporter.isOpen = true;
      loop.offer(BATCH);
      await asked();
      answer().resolve(false);
      await loop.flush({ sequence: 0, heap: 1 });
      expect([doubtful, settled]).toEqual([told, ['accepted']]);
    },
  );
});
