import { heldBy } from './fixtures/held.js';
import type { Signal } from '../wire/model.js';
import { encodeNumbered, idsIn, numbered, seeded } from './fixtures/spans.js';
import { SIGNALS } from '../wire/model.js';
import { allocateSlabs } from './memory.js';
import { SlabPool } from './slab-pool.js';
import { SlabReader } from './slab-reader.js';
import type { SlabBatch } from './slab-reader.js';
import { SlabWriter } from './slab-writer.js';
import type { DropPolicy } from './slab-writer.js';

type Counts = Record<Signal, number>;
function zero(): Counts {
  return { traces: 0, metrics: 0, logs: 0 };
}

/** Compares the slabs with plain counts: created = settled + dropped + held, for each signal. */
function run(seed: number, dropPolicy: DropPolicy, steps: number) {
  const random = seeded(seed);
  let now = 0;
  const pool = new SlabPool(allocateSlabs({ maxBytes: 6 * 1024, slabBytes: 1024 }));
  const created = zero();
  const dropped = zero();
  const settled = zero();
  const seen = new Set<number>();
  const sending: SlabBatch[] = [];
  function clock() {
    return now;
  }
  const reader = new SlabReader(pool, { sealAfterMs: 10, now: clock });
  const writer = new SlabWriter(pool, {
    dropPolicy,
    now: clock,
    onDrop(signal, _reason, items) {
      dropped[signal] += items;
    },
  });
  let id = 0;

  function finish(batch: SlabBatch): void {
    for (const found of idsIn(batch.chunks)) {
      if (seen.has(found)) throw new Error(`twice: ${found}`);
      seen.add(found);
    }
    settled[batch.signal] += batch.items;
    reader.release(batch);
  }
  function anySignal(): Signal {
    return SIGNALS[Math.floor(random() * 3)] ?? 'traces';
  }
  const moves: readonly (() => void)[] = [
    () => {
      const signal = anySignal();
      created[signal] += 1;
      writer.append(signal, encodeNumbered, numbered((id += 1), 200), random() < 0.05);
    },
    () => {
      now += Math.floor(random() * 8);
      reader.sealIdle();
    },
    () => {
      const batch = reader.take(anySignal(), 2500);
      if (batch !== undefined) sending.push(batch);
    },
    () => {
      const [batch] = sending.splice(Math.floor(random() * sending.length), 1);
      if (batch !== undefined) finish(batch);
    },
    () => {
      const [batch] = sending.splice(Math.floor(random() * sending.length), 1);
      if (batch !== undefined) reader.putBack(batch);
    },
    () => {
      if (random() > 0.2) return;
      reader.reclaim();
      sending.length = 0;
    },
    () => {
      if (random() < 0.1) writer.seal();
    },
  ];
  for (let step = 0; step < steps; step += 1) {
    const roll = random();
    const move = moves[roll < 0.7 ? 0 : 1 + Math.floor(random() * (moves.length - 1))];
    move?.();
    if (step % 16 !== 0) continue;
    const held = heldBy(pool);
    for (const signal of SIGNALS) {
      if (created[signal] !== settled[signal] + dropped[signal] + held[signal]) {
        throw new Error(`step ${step}: ${JSON.stringify({ created, settled, dropped, held })}`);
      }
    }
  }
  for (const batch of sending) finish(batch);
  const mark = writer.seal();
  for (const signal of SIGNALS) {
    for (let batch = reader.take(signal, 1e9); batch; batch = reader.take(signal, 1e9)) {
      finish(batch);
    }
  }
  return {
    created,
    dropped,
    settled,
    seen: seen.size,
    used: pool.used(),
    left: reader.pending(mark),
  };
}

describe('slabs under random operations', () => {
  it.each(['newest', 'oldest', 'keepErrors'] as const)(
    'account for every item at every step (%s)',
    (dropPolicy) => {
      let dropped = 0;
      for (let seed = 1; seed <= 15; seed += 1) {
        const result = run(seed, dropPolicy, 3000);
        for (const signal of SIGNALS) {
          expect(result.settled[signal] + result.dropped[signal]).toBe(result.created[signal]);
        }
        const { traces, metrics, logs } = result.settled;
        expect(result.seen).toBe(traces + metrics + logs);
        expect(result.used).toBe(0);
        expect(result.left).toEqual(zero());
        dropped += result.dropped.traces;
      }
      expect(dropped).toBeGreaterThan(0);
    },
  );
});
