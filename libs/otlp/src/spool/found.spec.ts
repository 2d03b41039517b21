import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepted, retry } from '../send/outcome.js';
import { systemClock, type Clock } from '../send/sender.js';
import { dump } from './dump.js';
import type { SpoolEvent } from './spool.js';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { DISK_TURNS, ManualClock } from '../send/fixtures/manual-clock.js';
import { endOwners, imbalance, Openings } from './fixtures/open.js';
import { seeded } from './fixtures/random.js';
import { encodeRecordHeader, encodeSegmentHeader, openName, sealedName } from './segment-format.js';

const FILES = 20;

describe('a record on disk', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  function segment(sequence: number): Buffer {
    const one = batch(sequence, 8);
    const header = encodeRecordHeader(one, Date.now(), sequence);
    return Buffer.concat([encodeSegmentHeader(sequence, sequence), header, ...one.chunks]);
  }

  /** A clock that advances by 200 ms with each read, so that the opening runs out of time after a few files. */
  function hurried(): Clock {
    let looks = 0;
    return { now: () => (looks += 1) * 200, after: (ms, run) => systemClock.after(ms, run) };
  }

  it('is read again when it is retried, and not kept in memory until then', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory, clock });
    for (const id of range(0, 3)) await spool.append(batch(id));
    const record = await spool.take();
    if (record === undefined) throw new Error('none');
    spool.acknowledge(record, retry('UNAVAILABLE'));
    const [home = ''] = readdirSync(directory);
    const [name = ''] = readdirSync(join(directory, home)).filter((each) => each.endsWith('.open'));
    const path = join(directory, home, name);
    writeFileSync(path, readFileSync(path).fill(1, 64 + 32, 64 + 32 + 10));
    await clock.advance(10_000);
    expect(await drain(spool)).toEqual([1, 2]);
    expect([spool.stats().corrupt.traces, imbalance(spool)]).toEqual([1, [0, 0, 0]]);
  });

  it('is counted as evicted if its file was evicted before it is retried', async () => {
    const lost: string[] = [];
    function onEvent(event: SpoolEvent): void {
      if (event.kind === 'evicted') lost.push(`${event.kind} ${event.items.traces}`);
    }
    const directory = openings.directory();
    const spool = await openings.open({ directory, maxBytes: 65_536, segmentBytes: 1024, onEvent });
    await spool.append(batch(0));
    const record = await spool.take();
    if (record === undefined) throw new Error('none');
    for (const id of range(1, 80)) await spool.append(batch(id, 1000));
    const before = spool.stats().evicted.traces;
    expect(lost).toContain('evicted 0');
    spool.acknowledge(record, retry('UNAVAILABLE'));
    expect(lost.at(-1)).toBe('evicted 1');
    expect([spool.stats().evicted.traces, imbalance(spool)]).toEqual([before + 1, [0, 0, 0]]);
  });

  it.each([
    ['files after a crash that the opening has not reached', (id: number) => openName(id)],
    [
      'files with more records than their names say',
      (id: number) => {
        const items = { traces: 0, metrics: 0, logs: 0 };
        const bytes = segment(id).byteLength;
        return sealedName({ sequence: id, firstMs: 1, lastMs: Date.now(), bytes, items });
      },
    ],
  ])('is counted before it is sent: %s', async (_, nameOf) => {
    const directory = openings.directory();
    const home = join(directory, '000000000000001-1-00000000');
    mkdirSync(home);
    for (const id of range(1, FILES + 1)) writeFileSync(join(home, nameOf(id)), segment(id));
    let told = 0;
    function onEvent(event: SpoolEvent): void {
      if (event.kind === 'adopted') told += event.items.traces;
    }
    const spool = await openings.open({ directory, clock: hurried(), onEvent });
    expect(told).toBeLessThan(FILES);
    for (let taken = 1; taken <= FILES; taken += 1) {
      const record = await spool.take();
      expect(told).toBeGreaterThanOrEqual(taken);
      expect(told).toBe(spool.stats().recovered.traces);
      if (record !== undefined) spool.acknowledge(record, accepted);
    }
    expect([told, spool.stats().acknowledged.traces]).toEqual([FILES, FILES]);
  });

  it('is counted once, even if the search after a crash fails in the middle', async () => {
    const first = new FakeDisk(seeded(1));
    const clock = new ManualClock(2);
    const before = await openings.open({ directory: '/spool', disk: first, clock });
    for (const id of range(0, 100)) await before.append(batch(id, 1000));
    first.stopped = true;
    const disk = first.afterCrash(false);
    endOwners(disk);
    let reads = 0;
    disk.fate = (call, path) => {
      if (call !== 'read' || !path.endsWith('.open')) return 'passes';
      reads += 1;
      return reads === 3 ? { code: 'EIO' } : 'passes';
    };
    const spool = await openings.open({ directory: '/spool', disk, clock });
    expect(await drain(spool)).toEqual(range(0, 100));
    expect(spool.stats()).toMatchObject({ recovered: { traces: 100 }, corrupt: { traces: 0 } });
  });

  it('is found again if it was leased and not acknowledged, while other records were acknowledged', async () => {
    // There are more turns than steps of a read, so that the acknowledgement meets each step.
    for (const turns of range(0, 60)) {
      const first = new FakeDisk(seeded(1));
      const clock = new ManualClock(2);
      const before = await openings.open({ directory: '/spool', disk: first, clock });
      for (const id of range(0, 2)) await before.append(batch(id));
      const oldest = await before.take();
      if (oldest === undefined) throw new Error('none');
      const taking = before.take();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      before.acknowledge(oldest, accepted);
      const record = await taking;
      expect(record && idOf(record)).toBe(1);
      expect(await before.fsync()).toBe(true);
      first.stopped = true;
      const disk = first.afterCrash(false);
      endOwners(disk);
      const spool = await openings.open({ directory: '/spool', disk, clock });
      expect([turns, await drain(spool)]).toEqual([turns, [1]]);
    }
  });

  it('is not held any more if it is evicted while it is read', async () => {
    for (const turns of range(0, 60)) {
      const disk = new FakeDisk(seeded(1));
      const mixed = [batch(0), batch(1, 100, 'logs')];
      const { sealed } = dump('/spool', mixed, new AbortController().signal, disk);
      await sealed;
      const clock = new ManualClock(2);
      const spool = await openings.open({ directory: '/spool', disk, clock, maxBytes: 65_536 });
      expect(spool.stats().recovered).toEqual({ traces: 1, metrics: 0, logs: 1 });
      const taking = spool.take(['logs']);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      expect((await spool.append(batch(2, 65_300))).kind).toBe('spooled');
      const record = await taking;
      if (record !== undefined) spool.acknowledge(record, retry('UNAVAILABLE'));
      expect([turns, spool.stats().evicted]).toEqual([turns, { traces: 1, metrics: 0, logs: 1 }]);
      expect([await drain(spool), spool.stats().held.traces, imbalance(spool)]).toEqual([
        [2],
        0,
        [0, 0, 0],
      ]);
    }
  });
});
