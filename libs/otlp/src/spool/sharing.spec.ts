import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spool, SpoolEvent } from './spool.js';
import { batch, drain, range } from './fixtures/batches.js';
import { Child } from './fixtures/child.js';
import { DISK_TURNS, ManualClock, turns } from '../send/fixtures/manual-clock.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { imbalance, Openings } from './fixtures/open.js';
import { seeded } from './fixtures/random.js';
import { dumpSync } from './dump.js';
import { claim, livenessOf, parseOwner, release, thisOwner } from './ownership.js';
import { nodeDisk } from './disk.js';

describe('a directory of spools that several processes share', () => {
  const openings = new Openings();
  const children: Child[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await child.end();
    await openings.end();
  });

  /** Waits until `holds` is true, since the disk is real. If a clock is given, it advances meanwhile. */
  async function until(holds: () => boolean, clock?: ManualClock): Promise<void> {
    while (!holds()) await (clock === undefined ? turns(1) : clock.advance(1000));
  }

  function heldBy(spool: Spool): number {
    return spool.stats().held.traces;
  }

  it('gives each process a sub-directory, and the records of a killed process to another', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const child = new Child(['hold', directory, '10']);
    children.push(child);
    await child.said('holds');
    const spool = await openings.open({ directory, clock });
    expect(readdirSync(directory).length).toBe(2);
    await spool.append(batch(1));
    await clock.advance(600_000);
    expect(await drain(spool)).toEqual([1]);
    await child.kill();
    await until(() => heldBy(spool) === 3, clock);
    expect(await drain(spool)).toEqual([10, 11, 12]);
    await until(() => readdirSync(directory).length === 1, clock);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('gives abandoned records to only one of several processes that start together', async () => {
    const directory = openings.directory();
    const before = await openings.open({ directory });
    for (const id of range(0, 5)) await before.append(batch(id));
    await before.close();
    const spools = await Promise.all(range(0, 6).map(() => openings.open({ directory })));
    const served = await Promise.all(spools.map((spool) => drain(spool)));
    expect(served.flat()).toEqual(range(0, 5));
    for (const spool of spools) await spool.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('gives the records of a thread without a sign of life for a minute to another', async () => {
    const directory = openings.directory();
    // The clock of this spool does not advance, so it cannot touch its lock.
    const frozen = await openings.open({ directory, clock: new ManualClock(DISK_TURNS) });
    await frozen.append(batch(1));
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory, clock });
    for (let ms = 0; ms < 50_000; ms += 10_000) await clock.advance(10_000);
    expect(heldBy(spool)).toBe(0);
    await until(() => heldBy(spool) === 1, clock);
    expect(await drain(spool)).toEqual([1]);
  });

  it('gives the records of a thread that is known to be gone to another at once', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const gone = await openings.open({ directory, clock, succession: { token: 'a', gone: [] } });
    await gone.append(batch(1));
    const events: SpoolEvent[] = [];
    function onEvent(event: SpoolEvent): unknown {
      return events.push(event);
    }
    const succession = { token: 'b', gone: ['a'] };
    const spool = await openings.open({ directory, clock, succession, onEvent });
    const [adopted, searched] = events;
    expect(adopted).toMatchObject({ kind: 'adopted', items: { traces: 1 }, inherited: true });
    expect([searched?.kind, events.length]).toEqual(['searched', 2]);
    expect(await drain(spool)).toEqual([1]);
  });

  it('notices that its lock was taken over, and starts anew', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const events: string[] = [];
    function onEvent({ kind }: { kind: string }): unknown {
      return events.push(kind);
    }
    const spool = await openings.open({ directory, clock, onEvent });
    await spool.append(batch(1));
    const [home = ''] = readdirSync(directory);
    const other = { ...thisOwner(), token: 'other' };
    const watched = await claim(nodeDisk, join(directory, home, 'lock'), other);
    if (watched.kind !== 'watch') throw new Error(watched.kind);
    const taken = await claim(nodeDisk, join(directory, home, 'lock'), other, watched.mark);
    expect(taken.kind).toBe('ours');
    await clock.advance(10_000);
    await until(() => spool.state().kind === 'failed');
    expect(await spool.append(batch(2))).toEqual({ kind: 'failed', code: 'ELOCKLOST' });
    await clock.advance(1000);
    await until(() => spool.state().kind === 'healthy');
    await spool.append(batch(3));
    expect(await drain(spool)).toEqual([3]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
    expect(events).toEqual(['evicted', 'failed', 'healed']);
  });

  it('takes over records that a dump wrote beside an open spool', async () => {
    const directory = openings.directory();
    const clock = new ManualClock(DISK_TURNS);
    const spool = await openings.open({ directory, clock });
    expect(dumpSync(directory, [batch(1), batch(2, 10, 'logs')])).toMatchObject({
      kind: 'spooled',
      items: { traces: 1, metrics: 0, logs: 1 },
    });
    await until(() => heldBy(spool) === 1, clock);
    expect(await drain(spool)).toEqual([1, 2]);
    expect(dumpSync(join(directory, 'file'), [])).toMatchObject({ kind: 'spooled' });
    writeFileSync(join(directory, 'no-directory'), '');
    expect(dumpSync(join(directory, 'no-directory'), [])).toEqual({
      kind: 'failed',
      code: 'ENOTDIR',
    });
  });

  it.each([1, 3])(
    'makes another sub-directory if others removed it as empty, %d times',
    async (times) => {
      const disk = new FakeDisk(seeded(1));
      let removed = 0;
      disk.fate = (call, path) =>
        call === 'list' && path.endsWith('lock') && removed++ < times
          ? { code: 'ENOENT' }
          : 'passes';
      const spool = await openings.open({
        directory: '/spool',
        disk,
        clock: new ManualClock(DISK_TURNS),
      });
      expect(spool.state().kind).toBe('healthy');
      expect((await spool.append(batch(1))).kind).toBe('spooled');
      expect(removed).toBeGreaterThan(times);
    },
  );

  it('gives a lock to one of several owners that claim it together', async () => {
    const directory = join(openings.directory(), 'home');
    mkdirSync(directory);
    for (const round of range(1, 10)) {
      const owners = range(0, 8).map((token) => ({ ...thisOwner(), token: `${round}-${token}` }));
      const claims = await Promise.all(owners.map((owner) => claim(nodeDisk, directory, owner)));
      const [ours, ...more] = claims.flatMap((one) => (one.kind === 'ours' ? [one.lock] : []));
      if (ours === undefined) throw new Error('nobody');
      expect([more, ours.number]).toEqual([[], 2 * round - 1]);
      await release(nodeDisk, ours);
      const next = await claim(nodeDisk, directory, thisOwner());
      if (next.kind !== 'ours') throw new Error(next.kind);
      await release(nodeDisk, next.lock);
      expect(readdirSync(directory)).toEqual([`${2 * round}.free`]);
    }
  });

  it('knows which owners are alive, dead or not visible', () => {
    const us = thisOwner();
    const parent = { ...us, pid: process.ppid };
    expect(parseOwner(JSON.stringify(us))).toEqual(us);
    expect([parseOwner(''), parseOwner('null'), parseOwner('{"pid":1}')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(livenessOf({ ...us, token: 'another thread' }, us)).toBe('unknown');
    expect(livenessOf({ ...us, start: '1' }, us)).toBe('dead');
    expect(livenessOf({ ...parent, pid: 2 ** 30 }, us)).toBe('dead');
    // The process id was used again by another process.
    expect(livenessOf({ ...parent, start: '1' }, us)).toBe('dead');
    expect(livenessOf({ ...us, boot: 'before' }, us)).toBe('dead');
    expect(livenessOf({ ...us, boot: 'other', host: 'other' }, us)).toBe('unknown');
    expect(livenessOf({ ...us, space: 'another container' }, us)).toBe('unknown');
    // This system shows only whether a process id is in use.
    const plain = { ...us, boot: '', start: '', space: '' };
    expect(livenessOf({ ...plain, pid: process.ppid }, plain)).toBe('alive');
    expect(livenessOf({ ...plain, pid: 2 ** 30 }, plain)).toBe('dead');
    expect(livenessOf({ ...plain, host: 'other' }, plain)).toBe('unknown');
  });
});
