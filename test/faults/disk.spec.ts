import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { AppProcess, First, ProcessReport } from './fixtures/app-process.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { forbiddenDisk, fullDisk, simulated, readOnlyDisk, REAL } from './fixtures/disk-fault.js';
import type { DiskFault } from './fixtures/disk-fault.js';
import { MAX_DELAY_RATIO } from './fixtures/loop-delay.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * A disk that refuses while the collector is away, under an app with its pipeline. Full, read-only and forbidden
 * disks are real, in a mount namespace of the app's. Errors of a device and slow syncs are simulated
 * (`faulty-disk.mjs`). The collector is away longer than the disk, so that each batch is either on disk or in
 * memory.
 */
const RATE = 200;
const KIB = 1024;
const MIB = 1024 * KIB;
const TROUBLE_MS = 1500;

describe('a disk that makes trouble', () => {
  useLeakCheck();

  describe('under an app', () => {
    const stage = new Stage();
    let collector: CollectorProcess;
    let proxy: FaultProxy;
    let directory: string;

    const start = (
      { launch, first }: Partial<DiskFault>,
      maxBytes = 64 * MIB,
    ): Promise<AppProcess> =>
      stage.appProcess(
        {
          traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
          spool: { directory, maxBytes, segmentBytes: 32 * KIB },
          maxBytes: 4 * MIB,
          sealAfterMs: 100,
        },
        launch,
        first,
      );

    const balance = async (report: ProcessReport): Promise<Balance> => {
      const { arrived: size, doubles } = await collector.counts();
      expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
      return { ...balanceOf(report, { size, doubles }), doubles: 0 };
    };

    const spools = (app: AppProcess, more = 0): Promise<void> =>
      until(async () => (await app.report()).ledger.spooled > more, 'the spool');

    /** The app is not affected. */
    const expectNoHarm = async (app: AppProcess, report: ProcessReport): Promise<void> => {
      expect(report.broken).toEqual([]);
      expect(await app.delayRatio(report)).toBeLessThanOrEqual(MAX_DELAY_RATIO);
      expect(report.mostBytes).toBeLessThanOrEqual(4 * MIB);
    };

    /** The messages about the disk, apart from those about the collector that is away. */
    const ofDisk = ({ lines }: ProcessReport): readonly string[] =>
      lines.filter((line) => !line.endsWith('trying again'));

    const fileAbove = async (): Promise<void> => {
      await writeFile(join(directory, 'file'), '');
      directory = join(directory, 'file');
    };

    const deliver = async (app: AppProcess): Promise<ProcessReport> => {
      const made = await app.rest();
      await proxy.up();
      await until(async () => (await app.report()).ledger.accepted >= made, `${made} spans`);
      await app.flush();
      return app.report();
    };

    beforeEach(async () => {
      directory = await stage.directory();
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it.each([
      [`ENOSPC${REAL}`, () => fullDisk(directory, MIB), 'ENOSPC'],
      [`EROFS${REAL}`, () => readOnlyDisk(directory), 'EROFS'],
      [`EACCES${REAL}`, () => forbiddenDisk(directory), 'EACCES'],
      ['EIO (simulated)', () => simulated({ code: 'EIO' }), 'EIO'],
    ])(
      '%s is told of once, costs nothing, and is over after its end',
      async (_name, troubleOf, code) => {
        const trouble = troubleOf();
        const app = await start(trouble);
        await proxy.down();
        await app.pace(RATE);
        await spools(app);
        await expectNoHarm(app, await app.report());
        await trouble.begin(app);
        const refused = `cannot be written (${code})`;
        const said = async (): Promise<boolean> =>
          (await app.report()).lines.join().includes(refused);
        await until(said, refused);
        const { made } = await app.report();
        await lasting(TROUBLE_MS);
        const during = await app.report();
        await expectNoHarm(app, during);
        // Back to memory: items that ended meanwhile wait there.
        expect(during.ledger.queued).toBeGreaterThanOrEqual(during.made - made);
        expect(during.ledger.dropped).toEqual({});
        await trouble.end(app);
        await spools(app, during.ledger.spooled);
        const report = await deliver(app);
        expect(await balance(report)).toEqual(WHOLE);
        expect(await collector.missing(report.made)).toEqual([]);
        expect(report.ledger.spooled).toBe(0);
        await expectNoHarm(app, report);
        expect(ofDisk(report)).toEqual([
          expect.stringContaining(refused) as string,
          expect.stringContaining('works again') as string,
        ]);
      },
    );

    it('a disk that takes 2 s for each sync holds up nobody', async () => {
      const trouble = simulated({ syncMs: 2000 });
      const app = await start(trouble);
      await trouble.begin(app);
      await proxy.down();
      await app.pace(RATE);
      await spools(app);
      await lasting(6000);
      const during = await app.report();
      await expectNoHarm(app, during);
      // Nothing piles up in memory: a batch waits for the write, not for the sync.
      expect(during.ledger.queued).toBeLessThanOrEqual(RATE);
      const report = await deliver(app);
      expect(await balance(report)).toEqual(WHOLE);
      expect(await collector.missing(report.made)).toEqual([]);
      expect(ofDisk(report)).toEqual([]);
    });

    it(`a disk that is smaller than the cap fills up, then memory, then the rest is counted${REAL}`, async () => {
      const trouble = fullDisk(directory, 3 * MIB);
      const app = await start(trouble);
      await proxy.down();
      await app.pace(10_000);
      await spools(app);
      if (REAL !== '') await trouble.begin(app);
      const full = async (): Promise<boolean> =>
        'queue_full' in (await app.report()).ledger.dropped;
      await until(full, 'a full queue');
      await lasting(1000);
      await app.rest();
      const during = await app.report();
      expect(during.mostBytes).toBeLessThanOrEqual(4 * MIB);
      expect(during.ledger.spooled).toBeGreaterThan(0);
      const counted = during.ledger.dropped['queue_full'] ?? 0;
      await proxy.up();
      await until(async () => {
        const { queued, spooled } = (await app.report()).ledger;
        return queued + spooled === 0;
      });
      const report = await app.report();
      expect(report.ledger.dropped).toEqual({ queue_full: counted });
      expect(await balance(report)).toEqual({ ...WHOLE, counted });
      expect(report.lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
      expect(report.lines.filter((line) => line.includes('dropped'))).toHaveLength(1);
    });

    it.each([
      ['a file', async () => writeFile(join(directory, 'spool'), '')],
      ['part of a file', async () => fileAbove()],
    ])(
      '%s in place of the directory costs one warning, and memory does the work',
      async (_name, prepare) => {
        await prepare();
        directory = join(directory, 'spool');
        const app = await start({});
        await app.spans(1000);
        await app.flush();
        const report = await app.report();
        expect(await balance(report)).toEqual(WHOLE);
        expect(report.hasSpool).toBe(false);
        expect(report.lines).toEqual([expect.stringContaining('is a file') as string]);
        expect(report.lines[0]).toContain(`spool.directory: ${directory} cannot be used`);
      },
    );

    it.each([
      [
        `a read-only disk${REAL}`,
        () => readOnlyDisk(directory),
        'EROFS',
        'lies on a read-only file',
      ],
      [`a forbidden one${REAL}`, () => forbiddenDisk(directory), 'EACCES', 'may not write there'],
    ])(
      '%s at the start costs one warning, and is used from its end on',
      async (_name, troubleOf, code, remedy) => {
        const trouble = troubleOf();
        directory = join(directory, 'spool');
        const first: First = async (app) => {
          await trouble.first?.(app);
          await trouble.begin(app);
        };
        const app = await start({ ...trouble, first });
        await app.spans(1000);
        await app.flush();
        const refused = await app.report();
        expect(await balance(refused)).toEqual(WHOLE);
        const line = expect.stringMatching(
          `the spool at ${directory} cannot be written \\(${code}\\): .*${remedy}`,
        ) as string;
        expect(refused.lines).toEqual([line]);
        await trouble.end(app);
        await proxy.down();
        await app.pace(RATE);
        await spools(app);
        const report = await deliver(app);
        expect(await balance(report)).toEqual(WHOLE);
        expect(await collector.missing(report.made)).toEqual([]);
        expect(ofDisk(report)).toEqual([line, expect.stringContaining('works again') as string]);
      },
    );
  });
});
