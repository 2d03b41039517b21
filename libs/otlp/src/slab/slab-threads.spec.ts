import { heldBy } from './fixtures/held.js';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { idsIn } from './fixtures/spans.js';
import { allocateSlabs } from './memory.js';
import { SlabPool } from './slab-pool.js';
import { SlabReader } from './slab-reader.js';
import type { SlabBatch } from './slab-reader.js';
import type { DropPolicy } from './slab-writer.js';

const items = 40_000;

function hammer(memory: ReturnType<typeof allocateSlabs>, dropPolicy: DropPolicy): Worker {
  return new Worker(new URL('./fixtures/hammer.ts', import.meta.url), {
    workerData: { memory, dropPolicy, items, longest: 300 },
    execArgv: ['--no-warnings', '--import', new URL('./fixtures/source.mjs', import.meta.url).href],
  });
}

describe('a writer and a reader on two threads', () => {
  it.each(['newest', 'oldest', 'keepErrors'] as const)(
    'lose, damage or duplicate no item without counting it (%s)',
    async (dropPolicy) => {
      const memory = allocateSlabs({ maxBytes: 8 * 4096, slabBytes: 4096 });
      const pool = new SlabPool(memory);
      const reader = new SlabReader(pool, { sealAfterMs: 1 });
      const worker = hammer(memory, dropPolicy);
      const end: { dropped?: number } = {};
      worker.once('message', (result: { dropped: number }) => Object.assign(end, result));
      const exited = once(worker, 'exit');
      const seen = new Map<number, number>();
      let refused = 0;

      function consume(batch: SlabBatch): void {
        // Every fifth batch fails, and must come back unchanged.
        if ((refused + batch.items) % 5 === 0) {
          refused += 1;
          reader.putBack(batch);
          return;
        }
        const ids = idsIn(batch.chunks);
        expect(ids).toHaveLength(batch.items);
        for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
        reader.release(batch);
      }

      while (end.dropped === undefined || pool.used() > 0) {
        const bell = reader.bell();
        reader.sealIdle();
        const batch = reader.take('traces', 3 * 4096);
        if (batch !== undefined) consume(batch);
        else if (end.dropped === undefined) {
          await Promise.race([reader.rung(bell), exited]);
        }
        // This turn receives the message of the worker.
        await new Promise(setImmediate);
      }
      await exited;
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
      expect(seen.size + (end.dropped ?? 0)).toBe(items);
      expect(seen.size).toBeGreaterThan(0);
      expect(heldBy(pool)).toEqual({ traces: 0, metrics: 0, logs: 0 });
    },
  );
});
