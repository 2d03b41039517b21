import { accepted, retry } from '../send/outcome.js';
import { DISK_TURNS, ManualClock } from '../send/fixtures/manual-clock.js';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { endOwners, imbalance, Openings } from './fixtures/open.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { seeded } from './fixtures/random.js';
import type { Spool, SpooledRecord } from './spool.js';

const RECORD = 132;
const HEADER = 64;
/** More than a reader asks the disk for at once. */
const LARGE = 200_000;
const MAX_BYTES = 65_536;

describe('a file that the disk no longer returns', () => {
  const openings = new Openings();
  let clock: ManualClock;
  afterEach(() => openings.end());

  beforeEach(() => {
    clock = new ManualClock(DISK_TURNS);
  });

  /** A spool that finds five records of a process that is gone. */
  async function found(bytes?: number): Promise<{ spool: Spool; disk: FakeDisk; lost: number[] }> {
    const first = new FakeDisk(seeded(1));
    const before = await openings.open({ directory: '/spool', disk: first, clock });
    for (const id of range(0, 5)) await before.append(batch(id, bytes));
    await before.fsync();
    first.stopped = true;
    const disk = first.afterCrash(false);
    endOwners(disk);
    const lost: number[] = [];
    const spool = await openings.open({
      directory: '/spool',
      disk,
      clock,
      ...(bytes === undefined && { maxBytes: MAX_BYTES }),
      onEvent: (event) => {
        if (event.kind === 'corrupt') lost.push(event.bytes);
      },
    });
    return { spool, disk, lost };
  }

  async function taken(spool: Spool): Promise<SpooledRecord> {
    const record = await spool.take();
    if (record === undefined) throw new Error('none');
    return record;
  }

  it('loses each unread record once, and no record that is being sent', async () => {
    const { spool, disk, lost } = await found(LARGE);
    const sent = await taken(spool);
    for (const record of [await taken(spool), await taken(spool)]) {
      spool.acknowledge(record, retry('UNAVAILABLE'));
    }
    disk.fate = (call) => (call === 'read' ? { code: 'EIO' } : 'passes');
    await clock.advance(10_000);
    // The spool tries to read both records again, until it is clear that the disk returns neither.
    for (let tries = 0; tries < 6; tries += 1) {
      spool.wakeOne();
      expect(await spool.take()).toBeUndefined();
    }
    spool.acknowledge(sent, accepted);
    const { held, acknowledged, corrupt } = spool.stats();
    expect([held.traces, acknowledged.traces]).toEqual([0, 1]);
    expect(corrupt).toEqual({ traces: 4, metrics: 0, logs: 0, bytes: 4 * (LARGE + 32) });
    expect(lost.reduce((sum, bytes) => sum + bytes, 0)).toBe(corrupt.bytes);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('is counted only once, as evicted or as corrupt, if it is evicted while it is read', async () => {
    const outcomes = new Set<string>();
    for (const turns of range(0, 40)) {
      const { spool, disk } = await found();
      disk.fate = (call) => (call === 'read' ? { code: 'ENOENT' } : 'passes');
      const taking = spool.take();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await spool.append(batch(9, MAX_BYTES - 200));
      await taking;
      const { evicted, corrupt } = spool.stats();
      expect([evicted.traces + corrupt.traces, imbalance(spool)]).toEqual([5, [0, 0, 0]]);
      expect(corrupt.bytes).toBe(corrupt.traces === 0 ? 0 : HEADER + 5 * RECORD);
      outcomes.add(corrupt.traces === 0 ? 'evicted' : 'corrupt');
    }
    expect([...outcomes].toSorted()).toEqual(['corrupt', 'evicted']);
  });

  it('gets no more records if it is still being written', async () => {
    const disk = new FakeDisk(seeded(1));
    const spool = await openings.open({ directory: '/spool', disk, clock });
    for (const id of range(0, 3)) await spool.append(batch(id));
    const path = disk.paths.find((name) => name.endsWith('.open')) ?? '';
    disk.fate = (call, of) =>
      call === 'openToRead' && of === path ? { code: 'ENOENT' } : 'passes';
    expect(await spool.take()).toBeUndefined();
    expect(spool.stats().corrupt).toMatchObject({ traces: 3, bytes: HEADER + 3 * RECORD });
    for (const id of range(3, 6)) await spool.append(batch(id));
    expect(await drain(spool)).toEqual([3, 4, 5]);
    await spool.fsync();
    expect([spool.stats().held.traces, imbalance(spool)]).toEqual([0, [0, 0, 0]]);
  });

  it('counts a record that is appended at the moment when the file is lost', async () => {
    for (const turns of range(0, 40)) {
      const disk = new FakeDisk(seeded(1));
      const spool = await openings.open({ directory: '/spool', disk, clock });
      await spool.append(batch(0));
      const path = disk.paths.find((name) => name.endsWith('.open')) ?? '';
      disk.fate = (call, of) =>
        call === 'openToRead' && of === path ? { code: 'ENOENT' } : 'passes';
      const taking = spool.take();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const appended = await spool.append(batch(1));
      const early = await taking;
      if (early !== undefined) spool.acknowledge(early, accepted);
      expect(appended.kind).toBe('spooled');
      const ids = [...(early === undefined ? [] : [idOf(early)]), ...(await drain(spool))];
      const { corrupt, held } = spool.stats();
      expect([ids.length + corrupt.traces, held.traces, imbalance(spool)]).toEqual([
        2,
        0,
        [0, 0, 0],
      ]);
      expect(corrupt.bytes).toBe(corrupt.traces === 0 ? 0 : HEADER + corrupt.traces * RECORD);
    }
  });
});
