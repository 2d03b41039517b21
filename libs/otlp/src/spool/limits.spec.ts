import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { accepted, retry } from '../send/outcome.js';
import type { SpoolEvent } from './spool.js';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { DISK_TURNS, ManualClock } from '../send/fixtures/manual-clock.js';
import { imbalance, Openings } from './fixtures/open.js';
import { seeded } from './fixtures/random.js';
import { noItems } from '../send/item-counts.js';
import { openSpool } from './open-spool.js';

const HOUR_MS = 3_600_000;

describe('limits of a spool', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  /** The size of a file, or 0. The spool may rename or delete the file between the listing and this call. */
  function sizeOf(path: string): number {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  function onDisk(directory: string): number {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(open|seg)$/.test(entry.name))
      .reduce((sum, entry) => sum + sizeOf(join(entry.parentPath, entry.name)), 0);
  }

  it('evicts and counts the oldest records, and never has more than maxBytes on disk', async () => {
    const directory = openings.directory();
    const events: SpoolEvent[] = [];
    const maxBytes = 100_000;
    const spool = await openings.open({
      directory,
      maxBytes,
      onEvent: (event) => events.push(event),
    });
    let highest = 0;
    for (const id of range(0, 400)) {
      expect((await spool.append(batch(id, 1000, 'logs', 3))).kind).toBe('spooled');
      highest = Math.max(highest, spool.stats().bytes, onDisk(directory));
    }
    await spool.fsync();
    expect(highest).toBeLessThanOrEqual(maxBytes);
    expect(onDisk(directory)).toBe(spool.stats().bytes);
    const { evicted, held } = spool.stats();
    expect(evicted.logs + held.logs).toBe(1200);
    const ids = await drain(spool);
    expect(ids).toEqual(range(400 - held.logs / 3, 400));
    expect(ids.length).toBeGreaterThan(60);
    const told = events.map((event) => (event.kind === 'evicted' ? event.items.logs : NaN));
    expect(told.reduce((a, b) => a + b, 0)).toBe(evicted.logs);
  });

  it('settles leased records whose segment was evicted', async () => {
    const spool = await openings.open({ directory: openings.directory(), maxBytes: 65_536 });
    await spool.append(batch(0, 10_000));
    await spool.append(batch(1, 10_000));
    await spool.append(batch(2, 10_000));
    const [first, second] = [await spool.take(), await spool.take()];
    for (const id of range(3, 12)) await spool.append(batch(id, 10_000));
    if (first === undefined || second === undefined) throw new Error('none');
    spool.acknowledge(first, accepted);
    spool.acknowledge(second, retry('UNAVAILABLE'));
    expect(spool.stats().acknowledged.traces).toBe(1);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
    expect(await drain(spool)).toEqual(range(6, 12));
    expect(imbalance(spool)).toEqual([0, 0, 0]);
    expect(spool.stats().held.traces).toBe(0);
  });

  it('rejects a batch that is larger than maxBytes, as `full`', async () => {
    const spool = await openings.open({ directory: openings.directory(), maxBytes: 65_536 });
    await spool.append(batch(0));
    expect(await spool.append(batch(1, 65_536))).toEqual({ kind: 'full' });
    expect((await spool.append(batch(2, 60_000))).kind).toBe('spooled');
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('evicts records at the start if maxBytes is smaller than before', async () => {
    const directory = openings.directory();
    const before = await openings.open({ directory, segmentBytes: 10_000 });
    for (const id of range(0, 200)) await before.append(batch(id, 1000));
    await before.close();
    const after = await openings.open({ directory, maxBytes: 100_000 });
    expect(after.stats().bytes).toBeLessThanOrEqual(100_000);
    expect(after.stats().evicted.traces + after.stats().held.traces).toBe(200);
  });

  it('expires records above their age limit, even if nothing is read', async () => {
    const clock = new ManualClock(2);
    const disk = new FakeDisk(seeded(1));
    const spool = await openings.open({ directory: '/spool', disk, clock });
    await spool.append(batch(0));
    await clock.advance(23 * HOUR_MS);
    expect(spool.stats().oldestMs).toBe(23 * HOUR_MS);
    await spool.append(batch(1));
    await clock.advance(HOUR_MS + 20_000);
    expect(spool.stats().expired.traces).toBe(1);
    expect(await drain(spool)).toEqual([1]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('expires one record of a segment and sends the next', async () => {
    const clock = new ManualClock(DISK_TURNS);
    const directory = openings.directory();
    const spool = await openings.open({ directory, clock, maxAgeMs: 48_000 });
    await spool.append(batch(0));
    await clock.advance(1500);
    await spool.append(batch(1));
    await clock.advance(47_000);
    const record = await spool.take();
    expect(record && [idOf(record), record.ageMs]).toEqual([1, 47_000]);
    expect(spool.stats().expired.traces).toBe(1);
  });

  it.each([
    ['an hour back', -HOUR_MS],
    ['an hour on', HOUR_MS],
  ])('keeps its records if the wall clock jumps %s between two processes', async (_, jumpMs) => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const before = await openings.open({ directory, clock, wallClock: () => 1.8e12 });
    await before.append(batch(0));
    await before.close();
    const after = await openings.open({ directory, clock, wallClock: () => 1.8e12 + jumpMs });
    const { oldestMs, held } = after.stats();
    expect([oldestMs, held.traces]).toEqual([Math.max(0, jumpMs), 1]);
    expect((await after.take())?.ageMs).toBe(Math.max(0, jumpMs));
    // Their age limit counts from the day on which they were found, not from their timestamp.
    await clock.advance(24 * HOUR_MS + 20_000);
    expect(after.stats()).toMatchObject({ held: { traces: 1 }, outstanding: 1 });
  });

  it('is not affected by a jump of the wall clock while it is open', async () => {
    const clock = new ManualClock(DISK_TURNS);
    let wall = 1.8e12;
    const directory = openings.directory();
    const spool = await openings.open({ directory, clock, wallClock: () => wall });
    await spool.append(batch(0));
    wall += 400 * 24 * HOUR_MS;
    await clock.advance(10_000);
    expect(spool.stats()).toMatchObject({ oldestMs: 10_000, held: { traces: 1 } });
    wall = 0;
    await spool.append(batch(1));
    expect(await drain(spool)).toEqual([0, 1]);
  });

  it.each([
    ['on', -400 * 24 * HOUR_MS],
    ['back', 24 * HOUR_MS],
  ])(
    'hands the true age to the next process if the wall clock was set %s meanwhile',
    async (_, wrongByMs) => {
      const clock = new ManualClock(DISK_TURNS);
      function trueMs(): number {
        return 1.8e12 + clock.now();
      }
      let wrong = wrongByMs;
      const directory = openings.directory();
      function wallClock(): number {
        return trueMs() + wrong;
      }
      const before = await openings.open({ directory, clock, wallClock });
      await before.append(batch(0));
      await clock.advance(1000);
      wrong = 0;
      await before.append(batch(1));
      expect((await before.take())?.ageMs).toBe(1000);
      await before.close();
      await clock.advance(HOUR_MS);
      const after = await openings.open({ directory, clock, wallClock });
      expect(after.stats()).toMatchObject({ oldestMs: HOUR_MS + 1000, expired: { traces: 0 } });
      expect(await drain(after)).toEqual([0, 1]);
    },
  );

  it.each([
    [{ maxBytes: 0 }, 'spool.maxBytes: 0'],
    [{ maxBytes: 1024 }, 'spool.maxBytes: 1024'],
    [{ maxBytes: Number.NaN }, 'spool.maxBytes: NaN'],
    [{ segmentBytes: 1 }, 'spool.segmentBytes: 1'],
    [{ maxAgeMs: 0 }, 'spool.maxAgeMs: 0'],
    [{ fsyncIntervalMs: 0 }, 'spool.fsyncIntervalMs: 0'],
    [{ directory: '' }, 'spool.directory'],
  ])('refuses %j, and names the remedy', async (option, text) => {
    const opened = await openSpool({ directory: openings.directory(), ...option });
    expect(opened).toMatchObject({ kind: 'unusable', code: 'ERR_OPTION' });
    expect(opened.kind === 'unusable' && opened.message).toContain(text);
  });

  it('evicts no record of a signal that waits in favour of one that is sent all the time', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const options = { directory, clock, maxBytes: 64 * 1024 };
    const spool = await openings.open(options);
    await spool.append(batch(0, 1000, 'logs'));
    for (const id of range(1, 200)) {
      await spool.append(batch(id, 1000));
      const record = await spool.take(['traces']);
      if (record !== undefined) spool.acknowledge(record, accepted);
      if (id % 10 === 0) await spool.fsync();
    }
    expect(spool.stats()).toMatchObject({ evicted: noItems(), held: { traces: 0, logs: 1 } });
    await spool.close();
    // Records that were sent do not come back with those that were not.
    expect(await drain(await openings.open(options))).toEqual([0]);
  });

  it('evicts records of open segments if there are no others', async () => {
    const directory = openings.directory();
    const spool = await openings.open({ directory, maxBytes: 64 * 1024 });
    for (const signal of ['traces', 'metrics', 'logs'] as const) {
      await spool.append(batch(1, 15_000, signal));
    }
    expect(await spool.append(batch(2, 40_000))).toMatchObject({ kind: 'spooled' });
    expect(spool.stats().evicted).toEqual({ traces: 1, metrics: 1, logs: 0 });
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });
});
