import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spool, SpoolEvent } from './spool.js';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { Child } from './fixtures/child.js';
import { FakeDisk } from './fixtures/fake-disk.js';
import { DISK_TURNS, ManualClock, turns } from '../send/fixtures/manual-clock.js';
import { imbalance, Openings } from './fixtures/open.js';
import { below, seeded } from './fixtures/random.js';
import { accepted } from '../send/outcome.js';
import { openSpool } from './open-spool.js';

const CODES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'];
const WRITES = new Set(['open', 'write', 'fsync', 'rename', 'remove', 'link', 'truncate']);
const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe('a spool whose disk fails', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  interface Bench {
    readonly disk: FakeDisk;
    readonly clock: ManualClock;
    readonly spool: Spool;
    readonly events: SpoolEvent[];
  }

  async function bench(
    options: { fsyncIntervalMs?: 'always'; seed?: number } = {},
  ): Promise<Bench> {
    const disk = new FakeDisk(seeded(options.seed ?? 1));
    const clock = new ManualClock(4);
    const events: SpoolEvent[] = [];
    function onEvent(event: SpoolEvent): unknown {
      return events.push(event);
    }
    const common = { directory: '/spool', segmentBytes: 4096, disk, clock, onEvent };
    const spool = await openings.open({ ...common, ...options });
    return { disk, clock, spool, events };
  }

  function kinds(events: readonly SpoolEvent[]): string[] {
    return events.map(({ kind }) => kind);
  }

  it.each(CODES)(
    'reports %s once, stops writing, and is healthy within 30 s of the repair',
    async (code) => {
      const { disk, clock, spool, events } = await bench();
      await spool.append(batch(0));
      disk.fate = (call) => (WRITES.has(call) ? { code } : 'passes');
      expect(await spool.append(batch(1))).toEqual({ kind: 'failed', code });
      expect(spool.state()).toMatchObject({ kind: 'failed', code });
      const { calls } = disk;
      expect(await spool.append(batch(1))).toEqual({ kind: 'failed', code });
      // Records on disk can still be read.
      const record = await spool.take();
      expect(record && idOf(record)).toBe(0);
      expect(disk.calls - calls).toBeLessThan(10);
      await clock.advance(600_000);
      expect(spool.state().kind).toBe('failed');
      expect(kinds(events)).toEqual(['failed']);
      disk.fate = () => 'passes';
      await clock.advance(30_000);
      expect(spool.state().kind).toBe('healthy');
      expect(kinds(events)).toEqual(['failed', 'healed']);
      expect(await spool.append(batch(2))).toMatchObject({ kind: 'spooled' });
      expect(await drain(spool)).toEqual([2]);
      expect(imbalance(spool)).toEqual([0, 0, 0]);
    },
  );

  it('reports one cause once a minute, however often it comes and goes', async () => {
    const { disk, clock, spool, events } = await bench();
    let full = true;
    disk.fate = (call, path) =>
      full && call === 'write' && !path.endsWith('probe') ? { code: 'ENOSPC' } : 'passes';
    for (let ms = 0; ms < 180_000; ms += 2000) {
      await spool.append(batch(1));
      await clock.advance(2000);
    }
    const failed = events.filter(({ kind }) => kind === 'failed').length;
    expect(failed).toBeGreaterThanOrEqual(2);
    expect(failed).toBeLessThanOrEqual(3);
    full = false;
    await clock.advance(2000);
    expect((await spool.append(batch(2))).kind).toBe('spooled');
  });

  it('removes the part of a record that was written before the disk was full', async () => {
    const { disk, clock, spool } = await bench();
    await spool.append(batch(0));
    let writes = 0;
    disk.fate = (call) => {
      writes += call === 'write' ? 1 : 0;
      return call === 'write' && writes > 1 ? { code: 'ENOSPC' } : 'passes';
    };
    for (let id = 1; id < 40; id += 1) {
      writes = 0;
      await spool.append(batch(id, 3000));
      await clock.advance(30_000);
    }
    disk.fate = () => 'passes';
    await clock.advance(30_000);
    await spool.append(batch(99));
    await spool.fsync();
    expect(disk.bytesOf(/\.(open|seg)$/)).toBe(spool.stats().bytes);
    const ids = await drain(spool);
    expect([ids[0], ids.at(-1)]).toEqual([0, 99]);
    expect(spool.stats().corrupt).toEqual({ traces: 0, metrics: 0, logs: 0, bytes: 0 });
  });

  it.each(range(1, 9))('loses nothing if any single call fails (seed %d)', async (seed) => {
    for (let failing = 1; ; failing += 1) {
      const always = seed % 2 === 0 ? ({ fsyncIntervalMs: 'always' } as const) : {};
      const { disk, clock, spool } = await bench({ ...always, seed });
      const code = CODES[below(disk.random, CODES.length)] ?? 'EIO';
      const first = disk.calls;
      const length = 1 + below(disk.random, 3);
      disk.fate = () => {
        const call = disk.calls - first;
        return call >= failing && call < failing + length ? { code } : 'passes';
      };
      const spooled: number[] = [];
      const served: number[] = [];
      for (let id = 1; id <= 24; id += 1) {
        const one = batch(id, 10 + below(disk.random, 1500));
        const { kind } = await spool.append(one);
        if (kind === 'spooled') spooled.push(id);
        if (id % 3 === 0) await clock.advance(600);
        const record = id % 2 === 0 ? await spool.take() : undefined;
        if (record === undefined) continue;
        served.push(idOf(record));
        spool.acknowledge(record, accepted);
      }
      const reached = disk.calls - first >= failing;
      await clock.advance(40_000);
      expect(spool.state().kind).toBe('healthy');
      // A file is abandoned after three errors in a row, so one error does not matter.
      served.push(...(await drain(spool)));
      expect(served.toSorted((a, b) => a - b)).toEqual(spooled);
      expect(imbalance(spool)).toEqual([0, 0, 0]);
      await spool.close();
      expect([disk.openFiles, disk.paths.length]).toEqual([0, 2]);
      if (!reached) break;
    }
  });

  it('does not wait for an fsync that takes seconds', async () => {
    const disk = new FakeDisk(seeded(1));
    const clock = new ManualClock(4);
    const waiting: (() => void)[] = [];
    let most = 0;
    disk.fsync = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        most = Math.max(most, waiting.length);
      });
    const spool = await openings.open({ directory: '/spool', segmentBytes: 1024, disk, clock });
    for (let id = 0; id < 50; id += 1) {
      expect((await spool.append(batch(id))).kind).toBe('spooled');
      await clock.advance(100);
    }
    expect(await drain(spool)).toEqual(range(0, 50));
    // One fsync is for the full file, and one for the current file.
    expect(most).toBeLessThanOrEqual(2);
    const closed = spool.close();
    for (let turn = 0; turn < 500; turn += 1) {
      for (const release of waiting.splice(0)) release();
      await turns(1);
    }
    await closed;
    expect(disk.openFiles).toBe(0);
  });

  it('fails at once while a call of the disk hangs', async () => {
    const disk = new FakeDisk(seeded(1));
    const clock = new ManualClock(4);
    const { write } = disk;
    let release: () => void = () => undefined;
    const hung = new Promise<void>((resolve) => (release = resolve));
    const spool = await openings.open({ directory: '/spool', disk, clock });
    disk.write = async (...args) => {
      await hung;
      return write(...args);
    };
    const first = spool.append(batch(1));
    await clock.advance(6000);
    expect(await spool.append(batch(2))).toEqual({ kind: 'failed', code: 'ETIMEDOUT' });
    release();
    expect((await first).kind).toBe('spooled');
    await clock.advance(30_000);
    expect(spool.state().kind).toBe('healthy');
    expect((await spool.append(batch(3))).kind).toBe('spooled');
    expect(await drain(spool)).toEqual([1, 3]);
  });

  it.each([
    ['ENOSPC', ['write', 'open']],
    ['EIO', ['write', 'open']],
    ['EMFILE', ['write', 'open']],
    ['EROFS', ['makeDirectory']],
    ['EACCES', ['makeDirectory']],
    ['EPERM', ['makeDirectory']],
  ])('opens in spite of %s, and is healthy once it is repaired', async (code, calls) => {
    const disk = new FakeDisk(seeded(1));
    const clock = new ManualClock(4);
    disk.fate = (call) => (calls.includes(call) ? { code } : 'passes');
    const spool = await openings.open({ directory: '/spool', disk, clock });
    expect(await spool.append(batch(1))).toEqual({ kind: 'failed', code });
    disk.fate = () => 'passes';
    await clock.advance(30_000);
    expect((await spool.append(batch(1))).kind).toBe('spooled');
    expect(await drain(spool)).toEqual([1]);
  });

  it('opens if another process removes its new directory as abandoned', async () => {
    const disk = new FakeDisk(seeded(1));
    let made = 0;
    // The other process comes between the directory and the directory of its lock.
    disk.fate = (call) => {
      made += call === 'makeDirectory' ? 1 : 0;
      return call === 'makeDirectory' && made < 3 ? { code: 'ENOENT' } : 'passes';
    };
    const spool = await openings.open({ directory: '/spool', disk, clock: new ManualClock(4) });
    expect((await spool.append(batch(1))).kind).toBe('spooled');
  });

  it.each([
    ['ENOTDIR', 'is a file'],
    ['ELOOP', 'name a directory'],
  ])('names the remedy for %s when it opens', async (code, text) => {
    const disk = new FakeDisk(seeded(1));
    disk.fate = (call) => (call === 'makeDirectory' ? { code } : 'passes');
    const opened = await openSpool({
      directory: '/spool',
      disk,
      clock: new ManualClock(DISK_TURNS),
    });
    expect(opened).toMatchObject({ kind: 'unusable', code });
    expect(opened.kind === 'unusable' && opened.message).toMatch(/^spool\.directory: \/spool /);
    expect(opened.kind === 'unusable' && opened.message).toContain(text);
  });

  it('does not open if its path is a file, or lies below one', async () => {
    const file = join(openings.directory(), 'file');
    writeFileSync(file, '');
    for (const directory of [file, join(file, 'spool')]) {
      const opened = await openSpool({ directory });
      expect(opened.kind === 'unusable' && opened.message).toContain('is a file. Name a directory');
      expect(opened.kind === 'unusable' && opened.message).toContain(directory);
    }
  });

  async function onRealDisk(): Promise<void> {
    const child = new Child(['full', openings.directory()], ['unshare', '-rm']);
    await child.end();
    expect([child.errors, child.lines.slice(0, -1)]).toEqual([
      '',
      [
        'append {"kind":"failed","code":"ENOSPC"}',
        'state healthy',
        'again {"kind":"spooled","durable":false}',
        'lost 0 corrupt 0',
        'events failed healed',
      ],
    ]);
    expect(child.lines.at(-1)).toContain('read-only {"kind":"failed","code":"EROFS"');
  }

  async function onPretendedDisk(): Promise<void> {
    const { disk, clock, spool } = await bench();
    disk.fate = (call) => (call === 'write' ? { code: 'ENOSPC' } : 'passes');
    expect((await spool.append(batch(1))).kind).toBe('failed');
    disk.fate = () => 'passes';
    await clock.advance(30_000);
    expect((await spool.append(batch(2))).kind).toBe('spooled');
  }

  const [where, run] = mayMount
    ? (['a real disk of 1 MiB', onRealDisk] as const)
    : (['A FAKE DISK, since this system allows no mount', onPretendedDisk] as const);
  it(`recovers from a full disk: ${where}`, async () => {
    await run();
    expect(mayMount).toBe(run === onRealDisk);
  });
});
