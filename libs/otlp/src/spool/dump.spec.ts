import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeDisk, nodeDiskSync, type BlockingDisk, type Disk } from './disk.js';
import { dump, dumpSync } from './dump.js';
import { batch, drain } from './fixtures/batches.js';
import { openSpool } from './open-spool.js';

const PATIENT = new AbortController().signal;

describe('a dump', () => {
  let directory: string;
  let gate: PromiseWithResolvers<void>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestlens-dump-'));
    gate = Promise.withResolvers();
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function files(): Promise<readonly string[]> {
    return (await readdir(directory, { recursive: true })).filter((name) =>
      /\.(open|seg)$/.test(name),
    );
  }

  it('is found by the next spool', async () => {
    const { written, sealed } = dump(directory, [batch(1), batch(2, 10, 'logs')], PATIENT);
    expect(await written).toMatchObject({ kind: 'spooled', items: { traces: 1, logs: 1 } });
    await sealed;
    const opened = await openSpool({ directory });
    if (opened.kind === 'unusable') throw new Error(opened.message);
    expect(await drain(opened.spool)).toEqual([1, 2]);
    await opened.spool.close();
  });

  it('resolves once the operating system has the bytes, even if the fsync hangs', async () => {
    const disk: Disk = { ...nodeDisk, fsync: () => gate.promise };
    const { written, sealed } = dump(directory, [batch(1)], PATIENT, disk);
    expect((await written).kind).toBe('spooled');
    gate.resolve();
    await sealed;
  });

  it('is deleted again if it is written after the deadline', async () => {
    const begun = Promise.withResolvers<void>();
    const disk: Disk = {
      ...nodeDisk,
      async write(file, chunks, position) {
        if (chunks.length > 1) {
          begun.resolve();
          await gate.promise;
        }
        return nodeDisk.write(file, chunks, position);
      },
    };
    const late = new AbortController();
    const { written, sealed } = dump(directory, [batch(1)], late.signal, disk);
    await begun.promise;
    expect(await files()).toHaveLength(1);
    late.abort();
    gate.resolve();
    expect((await written).kind).toBe('failed');
    await sealed;
    expect(await files()).toEqual([]);
  });

  it('fails with the error code of the disk', async () => {
    const disk: Disk = {
      ...nodeDisk,
      makeDirectory: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
    };
    const { written } = dump(directory, [batch(1)], PATIENT, disk);
    expect(await written).toEqual({ kind: 'failed', code: 'ENOSPC' });
  });

  it('makes no more fsyncs after a slow one if it blocks the loop', () => {
    let syncs = 0;
    let atMs = 0;
    function slow(): void {
      syncs += 1;
      atMs += 600;
    }
    const disk: BlockingDisk = { ...nodeDiskSync, fsync: slow, fsyncDirectory: slow };
    expect(dumpSync(directory, [batch(1)], disk, () => atMs).kind).toBe('spooled');
    expect(syncs).toBe(1);
  });

  /** Acts like another process that takes over the first new directory, or removes it as abandoned. */
  const rival = {
    takes: (path: string): void => writeFileSync(join(path, '1.lock'), '{}'),
    removes: (path: string): void => rmSync(dirname(path), { recursive: true }),
  };

  it.each(['takes', 'removes'] as const)(
    'is written elsewhere if another process %s its new directory',
    async (how) => {
      let contended = 0;
      function contend(path: string): void {
        contended += 1;
        if (contended < 3) rival[how](path);
      }
      const disk: Disk = {
        ...nodeDisk,
        async makeDirectory(path) {
          await nodeDisk.makeDirectory(path);
          contend(path);
        },
      };
      const { written, sealed } = dump(directory, [batch(1)], PATIENT, disk);
      expect((await written).kind).toBe('spooled');
      await sealed;
      contended = 1;
      const blocking: BlockingDisk = {
        ...nodeDiskSync,
        makeDirectory(path) {
          nodeDiskSync.makeDirectory(path);
          contend(path);
        },
      };
      expect(dumpSync(directory, [batch(2)], blocking).kind).toBe('spooled');
      expect(await files()).toHaveLength(2);
    },
  );
});
