import { heldBy } from './fixtures/held.js';
import type { Signal } from '../wire/model.js';
import { encodeNumbered, idsIn, numbered } from './fixtures/spans.js';
import type { Numbered } from './fixtures/spans.js';
import { allocateSlabs } from './memory.js';
import { SlabPool } from './slab-pool.js';
import { SlabReader } from './slab-reader.js';
import { SlabWriter } from './slab-writer.js';
import type { DropPolicy } from './slab-writer.js';

const slabBytes = 256;

function slabs(dropPolicy: DropPolicy = 'newest', count = 4, reserved = 0) {
  let now = 0;
  const drops: [Signal, string, number][] = [];
  const pool = new SlabPool(allocateSlabs({ maxBytes: count * slabBytes, slabBytes }));
  const writer = new SlabWriter(pool, {
    dropPolicy,
    reserved,
    now: () => now,
    onDrop: (...drop) => drops.push(drop),
  });
  const reader = new SlabReader(pool, { sealAfterMs: 100, now: () => now });
  function add(id: number, fill = 180, isError = false, signal: Signal = 'traces') {
    return writer.append(signal, encodeNumbered, { id, fill }, isError);
  }
  function pass(ms: number): number {
    return (now += ms);
  }
  return { pool, writer, reader, drops, add, pass };
}

function takeAll({ reader }: ReturnType<typeof slabs>, signal: Signal = 'traces'): number[] {
  const batch = reader.take(signal, 1e9);
  if (batch === undefined) return [];
  const ids = idsIn(batch.chunks);
  reader.release(batch);
  return ids;
}

describe('SlabWriter', () => {
  it('hides an item from the reader until its slab is sealed', () => {
    const all = slabs();
    all.add(1, 1);
    expect(all.reader.waiting('traces').slabs).toBe(0);
    expect(all.reader.take('traces', 1e9)).toBeUndefined();
    all.writer.seal();
    expect(takeAll(all)).toEqual([1]);
    expect(all.pool.used()).toBe(0);
  });

  it('continues in a new slab if one is full, and batches keep their order', () => {
    const all = slabs();
    for (let id = 1; id <= 4; id += 1) expect(all.add(id)).toBe('held');
    all.writer.seal();
    const first = all.reader.take('traces', 2 * slabBytes);
    expect(first?.slabs).toHaveLength(2);
    expect(idsIn(first?.chunks ?? [])).toEqual([1, 2]);
    expect(first).toMatchObject({ signal: 'traces', items: 2 });
    expect(takeAll(all)).toEqual([3, 4]);
  });

  it('keeps signals apart', () => {
    const all = slabs();
    all.add(1, 1, false, 'traces');
    all.add(2, 1, false, 'logs');
    all.writer.seal();
    expect(heldBy(all.pool)).toEqual({ traces: 1, metrics: 0, logs: 1 });
    expect(takeAll(all, 'logs')).toEqual([2]);
    expect(takeAll(all, 'metrics')).toEqual([]);
    expect(takeAll(all)).toEqual([1]);
  });

  it('does not write into a slab that was freed and serves another signal now', () => {
    const all = slabs();
    all.add(1, 1, false, 'traces');
    all.pass(100);
    all.reader.sealIdle();
    expect(takeAll(all)).toEqual([1]);
    all.add(2, 1, false, 'logs');
    all.add(3, 1, false, 'traces');
    all.writer.seal();
    expect(takeAll(all, 'logs')).toEqual([2]);
    expect(takeAll(all)).toEqual([3]);
  });

  it('returns an item that is larger than a slab', () => {
    const all = slabs();
    expect(all.add(1, 5000)).toBe('too_large');
    expect(all.pool.used()).toBe(0);
    expect(all.drops).toEqual([]);
    all.add(2, 1);
    expect(all.add(3, 5000)).toBe('too_large');
    expect(all.add(4, 1)).toBe('held');
    all.writer.seal();
    expect(takeAll(all)).toEqual([2, 4]);
  });

  it('drops new items with the policy `newest`', () => {
    const all = slabs('newest');
    for (let id = 1; id <= 6; id += 1) all.add(id);
    all.writer.seal();
    expect(takeAll(all)).toEqual([1, 2, 3, 4]);
    expect(all.drops).toEqual([
      ['traces', 'queue_full', 1],
      ['traces', 'queue_full', 1],
    ]);
  });

  it('drops the oldest slab that is not being sent, and counts it for its own signal', () => {
    const all = slabs('oldest');
    all.add(1);
    all.writer.seal();
    const sending = all.reader.take('traces', 1e9);
    all.add(2, 1, false, 'logs');
    all.add(3, 1, false, 'logs');
    all.writer.seal();
    for (let id = 4; id <= 6; id += 1) all.add(id);
    expect(all.drops).toEqual([['logs', 'queue_full', 2]]);
    expect(idsIn(sending?.chunks ?? [])).toEqual([1]);
    all.writer.seal();
    expect(takeAll(all)).toEqual([4, 5, 6]);
  });

  it('drops new items with the policy `oldest` while all slabs are being sent', () => {
    const all = slabs('oldest');
    for (let id = 1; id <= 4; id += 1) all.add(id);
    all.writer.seal();
    expect(all.reader.take('traces', 1e9)?.items).toBe(4);
    expect(all.add(5)).toBe('dropped');
    expect(all.drops).toEqual([['traces', 'queue_full', 1]]);
  });

  it.each(['newest', 'oldest', 'keepErrors'] as const)(
    'reserves slabs for other signals, and takes none from them (%s)',
    (dropPolicy) => {
      const all = slabs(dropPolicy, 4, 1);
      for (let id = 1; id <= 6; id += 1) {
        all.add(id);
        all.writer.seal();
      }
      expect(all.pool.usedBy('traces')).toBe(3);
      expect(all.add(7, 180, false, 'logs')).toBe('held');
      all.writer.seal();
      for (let id = 8; id <= 9; id += 1) all.add(id);
      expect(new Set(all.drops.map(([signal]) => signal))).toEqual(new Set(['traces']));
      expect(takeAll(all, 'logs')).toEqual([7]);
      all.writer.seal();
      expect(takeAll(all)).toEqual(dropPolicy === 'newest' ? [1, 2, 3] : [6, 8, 9]);
    },
  );

  it('keeps errors, in slabs of their own, with the policy `keepErrors`', () => {
    const all = slabs('keepErrors');
    all.add(1, 10, true);
    all.add(2);
    all.add(3, 10, true);
    all.add(4);
    all.add(5);
    all.add(6);
    all.add(7);
    all.writer.seal();
    expect(takeAll(all)).toEqual([1, 3, 5, 6, 7]);
    expect(all.drops).toEqual([
      ['traces', 'queue_full', 1],
      ['traces', 'queue_full', 1],
    ]);
  });

  it('drops new items with the policy `keepErrors` if only errors wait', () => {
    const all = slabs('keepErrors');
    for (let id = 1; id <= 4; id += 1) all.add(id, 180, true);
    all.writer.seal();
    expect(all.add(5, 180, true)).toBe('dropped');
    expect(takeAll(all)).toEqual([1, 2, 3, 4]);
  });

  it('drops and counts an item whose encoder throws, and keeps the slab unchanged', () => {
    const all = slabs();
    function broken(): never {
      throw new Error('getter');
    }
    expect(all.writer.append('traces', broken, 0)).toBe('dropped');
    expect(all.pool.used()).toBe(0);
    all.add(1, 1);
    expect(all.writer.append('traces', broken, 0)).toBe('dropped');
    all.add(2, 1);
    all.writer.seal();
    expect(takeAll(all)).toEqual([1, 2]);
    expect(all.drops).toEqual([
      ['traces', 'encode_failed', 1],
      ['traces', 'encode_failed', 1],
    ]);
  });

  it('drops and counts an item that is made while another one is being encoded', () => {
    const all = slabs();
    all.writer.append<Numbered>(
      'traces',
      (item, target, offset) => {
        expect(all.add(9, 1, false, 'logs')).toBe('dropped');
        return encodeNumbered(item, target, offset);
      },
      numbered(1, 5),
    );
    all.writer.seal();
    expect(takeAll(all)).toEqual([1]);
    expect(all.drops).toEqual([['logs', 'other', 1]]);
  });
});

describe('SlabReader', () => {
  it('seals an open slab after a while, without the writer', () => {
    const all = slabs();
    expect(all.reader.sealIdle()).toBeUndefined();
    all.add(1, 1);
    all.pass(40);
    expect(all.reader.sealIdle()).toBe(60);
    all.pass(60);
    expect(all.reader.sealIdle()).toBeUndefined();
    expect(all.add(2, 1)).toBe('held');
    expect(takeAll(all)).toEqual([1]);
    all.pass(100);
    all.reader.sealIdle();
    expect(takeAll(all)).toEqual([2]);
  });

  it('returns how many slabs wait, and how long', () => {
    const all = slabs();
    all.add(1);
    all.pass(30);
    all.add(2);
    all.writer.seal();
    all.pass(5);
    expect(all.reader.waiting('traces')).toMatchObject({ slabs: 2, ageMs: 35 });
    expect(all.reader.waiting('logs')).toEqual({ slabs: 0, bytes: 0, ageMs: 0 });
  });

  it('puts a batch back at its place, and takes over the batches of a dead reader', () => {
    const all = slabs();
    for (let id = 1; id <= 3; id += 1) all.add(id);
    all.writer.seal();
    const first = all.reader.take('traces', 1);
    expect(first?.items).toBe(1);
    if (first !== undefined) all.reader.putBack(first);
    expect(idsIn(all.reader.take('traces', 1)?.chunks ?? [])).toEqual([1]);
    expect(all.reader.take('traces', 1)?.items).toBe(1);
    expect(all.reader.reclaim()).toEqual({ traces: 2, metrics: 0, logs: 0 });
    expect(takeAll(all)).toEqual([1, 2, 3]);
  });

  it('counts items from before a mark that are not settled', () => {
    const all = slabs();
    all.add(1);
    const mark = all.writer.seal();
    all.add(2);
    expect(all.reader.pending(mark).traces).toBe(1);
    const batch = all.reader.take('traces', 1e9);
    expect(all.reader.pending(mark).traces).toBe(1);
    if (batch !== undefined) all.reader.release(batch);
    expect(all.reader.pending(mark).traces).toBe(0);
    expect(all.reader.pending(all.writer.seal()).traces).toBe(1);
  });

  it('is woken when a slab is opened or sealed', async () => {
    const all = slabs();
    const before = all.reader.bell();
    const rung = all.reader.rung(before);
    all.add(1, 1);
    await rung;
    const opened = all.reader.bell();
    expect(opened).not.toBe(before);
    all.writer.seal();
    await all.reader.rung(opened);
    expect(all.reader.bell()).not.toBe(opened);
  });
});
