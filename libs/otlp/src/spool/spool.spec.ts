import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { accepted, partial, refused, retry } from '../send/outcome.js';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { DISK_TURNS, ManualClock } from '../send/fixtures/manual-clock.js';
import { imbalance, Openings } from './fixtures/open.js';
import type { SpoolEvent } from './spool.js';
import { noItems } from '../send/item-counts.js';
import { dumpSync } from './dump.js';
import type { Signal } from '../wire/model.js';

const NONE = { traces: 0, metrics: 0, logs: 0 };

describe('spool', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  it('returns records unchanged and oldest first, with signal and items', async () => {
    const spool = await openings.open({ directory: openings.directory() });
    expect(await spool.append(batch(1, 100, 'traces', 7))).toEqual({
      kind: 'spooled',
      durable: false,
    });
    await spool.append(batch(2, 3000, 'metrics', 8));
    await spool.append(batch(3, 5, 'logs', 9));
    expect(spool.stats().held).toEqual({ traces: 7, metrics: 8, logs: 9 });
    const records = [await spool.take(), await spool.take(), await spool.take()];
    expect(records.map((record) => record && [idOf(record), record.batch.signal])).toEqual([
      [1, 'traces'],
      [2, 'metrics'],
      [3, 'logs'],
    ]);
    expect(records.map((record) => record?.batch.items)).toEqual([7, 8, 9]);
    expect(await spool.take()).toBeUndefined();
    expect(spool.stats().outstanding).toBe(3);
    for (const record of records) if (record !== undefined) spool.acknowledge(record, accepted);
    expect(spool.stats()).toMatchObject({ outstanding: 0, held: NONE });
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('accepts an empty body, and one in shared memory', async () => {
    const spool = await openings.open({ directory: openings.directory() });
    const chunk = new Uint8Array(new SharedArrayBuffer(300), 100, 100).fill(9);
    await spool.append({ signal: 'logs', items: 2, bytes: 100, chunks: [chunk] });
    await spool.append({ signal: 'logs', items: 0, bytes: 0, chunks: [] });
    const record = await spool.take();
    expect(Buffer.concat(record?.batch.chunks ?? [])).toEqual(Buffer.alloc(100, 9));
    expect((await spool.take())?.batch.bytes).toBe(0);
  });

  it('returns the oldest record of the given signals, and keeps the others', async () => {
    const directory = openings.directory();
    const mixed = [batch(0, 100, 'logs'), batch(1), batch(2, 100, 'metrics'), batch(3), batch(4)];
    // The records are in one file, as after the exception of a process.
    expect(dumpSync(directory, mixed).kind).toBe('spooled');
    const spool = await openings.open({ directory });
    await spool.append(batch(5, 100, 'logs'));
    await spool.append(batch(6));
    async function next(...signals: Signal[]): Promise<number | undefined> {
      const record = await spool.take(signals);
      if (record !== undefined) spool.acknowledge(record, accepted);
      return record && idOf(record);
    }
    expect([await next('traces'), await next('traces')]).toEqual([1, 3]);
    expect([await next('metrics', 'logs'), await next('metrics', 'logs')]).toEqual([0, 2]);
    expect([await next('metrics'), await next('traces'), await next('traces')]).toEqual([
      undefined,
      4,
      6,
    ]);
    expect([await next('traces'), await drain(spool)]).toEqual([undefined, [5]]);
    expect(spool.stats()).toMatchObject({ held: noItems(), outstanding: 0 });
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('returns a record that is to be retried after a pause, and settled ones not at all', async () => {
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory: openings.directory(), clock });
    for (const id of range(0, 4)) await spool.append(batch(id));
    const first = await spool.take();
    const second = await spool.take();
    const third = await spool.take();
    if (first === undefined || second === undefined || third === undefined) throw new Error('none');
    spool.acknowledge(third, partial(1, 'bad'));
    spool.acknowledge(first, retry('UNAVAILABLE'));
    spool.acknowledge(first, accepted);
    spool.acknowledge(second, refused('INVALID_ARGUMENT'));
    expect(await drain(spool)).toEqual([3]);
    await clock.advance(10_000);
    expect(await drain(spool)).toEqual([0]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('doubles the pause each time that a record is retried, up to five minutes', async () => {
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory: openings.directory(), clock });
    await spool.append(batch(1));
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
      const record = await spool.take();
      if (record === undefined) throw new Error('none');
      spool.acknowledge(record, retry('503'));
      await clock.advance(seconds * 1000 - 1);
      expect(await spool.take()).toBeUndefined();
      await clock.advance(1);
    }
    expect(await drain(spool)).toEqual([1]);
  });

  it('keeps unacknowledged records over a restart, and no others', async () => {
    const directory = openings.directory();
    const before = await openings.open({ directory, segmentBytes: 1024 });
    for (const id of range(0, 100)) await before.append(batch(id));
    for (const id of range(0, 37)) {
      const record = await before.take();
      expect(record && idOf(record)).toBe(id);
      if (record !== undefined) before.acknowledge(record, accepted);
    }
    await before.take();
    await before.close();
    const after = await openings.open({ directory });
    expect(after.stats().recovered).toEqual({ ...NONE, traces: 63 });
    expect(await drain(after)).toEqual(range(37, 100));
    expect(imbalance(after)).toEqual([0, 0, 0]);
  });

  it('leaves no file when all records are acknowledged', async () => {
    const clock = new ManualClock(DISK_TURNS);
    const directory = openings.directory();
    const spool = await openings.open({ directory, segmentBytes: 1024, clock });
    for (const id of range(0, 50)) await spool.append(batch(id));
    const bytes = spool.stats().bytes;
    expect(bytes).toBeGreaterThan(50 * 132);
    await drain(spool);
    // The open segment is removed at the first fsync after its last record was acknowledged.
    await clock.advance(1000);
    await spool.fsync();
    expect(spool.stats()).toMatchObject({ bytes: 0, segments: 0, oldestMs: 0 });
    const [home = ''] = readdirSync(directory);
    expect(readdirSync(join(directory, home)).toSorted()).toEqual(['cursor', 'lock']);
    await spool.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('makes its directory and files readable for its owner only', async () => {
    const directory = join(openings.directory(), 'a', 'b');
    const spool = await openings.open({ directory });
    await spool.append(batch(1));
    const [home = ''] = readdirSync(directory);
    const modes = [directory, join(directory, home)].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700]);
    const inside = readdirSync(directory, { recursive: true, withFileTypes: true });
    const files = inside.filter((entry) => entry.isFile());
    expect(files.length).toBe(3);
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    expect(paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  });

  it('is durable at once with `fsyncIntervalMs: always`', async () => {
    const spool = await openings.open({
      directory: openings.directory(),
      fsyncIntervalMs: 'always',
    });
    const appended = await Promise.all(range(0, 20).map((id) => spool.append(batch(id))));
    expect(new Set(appended.map((one) => one.kind === 'spooled' && one.durable))).toEqual(
      new Set([true]),
    );
    expect(await drain(spool)).toEqual(range(0, 20));
  });

  it('accepts and returns nothing after close(), and leaves its records to the next spool', async () => {
    const directory = openings.directory();
    const spool = await openings.open({ directory });
    await spool.append(batch(0));
    await spool.append(batch(1));
    await spool.close();
    expect(await spool.append(batch(2))).toEqual({ kind: 'failed', code: 'ECLOSED' });
    expect(await spool.take()).toBeUndefined();
    const next = await openings.open({ directory });
    expect(await drain(next)).toEqual([0, 1]);
  });

  it('may be closed several times, and leaves no timer', async () => {
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory: openings.directory(), clock });
    const append = spool.append(batch(1));
    await Promise.all([spool.close(), spool.close()]);
    expect((await append).kind).toBe('spooled');
    await spool.close();
    expect(clock.pending).toBe(0);
  });

  it('reports at close() the acknowledged records that the next spool sends again', async () => {
    const directory = openings.directory();
    const events: SpoolEvent[] = [];
    const spool = await openings.open({ directory, onEvent: (event) => events.push(event) });
    for (const id of range(0, 4)) await spool.append(batch(id, 100, 'traces', 5));
    const records = [await spool.take(), await spool.take(), await spool.take()];
    for (const [index, record] of records.entries()) {
      if (record === undefined) throw new Error('none');
      spool.acknowledge(record, index === 1 ? retry('UNAVAILABLE') : accepted);
    }
    await spool.close();
    const items = { ...NONE, traces: 5 };
    expect(events).toMatchObject([{ kind: 'repeated', items }]);
    expect(await drain(await openings.open({ directory }))).toEqual([1, 2, 3]);
  });
});
