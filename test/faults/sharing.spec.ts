import { readdir } from 'node:fs/promises';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { AppOptions, AppReport } from './fixtures/app.js';
import { counted } from './fixtures/span-ledger.js';
import type { SpanLedger } from './fixtures/span-ledger.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { AppGroup } from './fixtures/app-group.js';
import type { AppGroupKind } from './fixtures/app-group.js';
import { Stage } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/**
 * Processes, cluster workers and threads share one spool directory. The sub-directory of a process that is gone
 * is taken over within 10 s. Nobody can see that a thread is gone, so its sub-directory is taken over within 80
 * s (tested with NESTLENS_FAULTS_LONG=1) or by the next process.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const SPANS = 1000;
const MEMBERS = ['one', 'two', 'three'];

const TIDY = { broken: [], restored: 0, left: 0, lost: 0, twice: 0, difference: 0 };

describe('a shared spool directory', () => {
  useLeakCheck();

  describe('used at the same time', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const options = (name: string): Omit<AppOptions, 'worker' | 'log'> => ({
      name,
      traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
      spool: { directory, durable: 'always' },
      sealAfterMs: 100,
    });

    const groupOf = async (kind: AppGroupKind): Promise<AppGroup> =>
      stage.keep(await AppGroup.start(kind, MEMBERS.map(options)), (each) => each.kill());

    const sum = (reports: readonly AppReport[], of: Exclude<keyof SpanLedger, 'dropped'>): number =>
      reports.reduce((total, { ledger }) => total + ledger[of], 0);

    /** All have written their spans, and nobody took a sub-directory of another. */
    const spooled = async (group: AppGroup): Promise<void> => {
      await group.all('spans', SPANS);
      const all = SPANS * MEMBERS.length;
      await until(async () => sum(await group.reports(), 'spooled') === all, 'the disk');
      expect(sum(await group.reports(), 'restored')).toBe(0);
      expect(await readdir(directory)).toHaveLength(MEMBERS.length);
    };

    const expectArrived = async (names: readonly string[]): Promise<void> => {
      const missing = async (): Promise<number> => {
        const each = await Promise.all(names.map((name) => collector.missing(SPANS, name)));
        return each.flat().length;
      };
      await until(async () => (await missing()) === 0, names.join());
      expect((await collector.counts()).doubles).toBe(0);
    };

    /** The sums of several ledgers. */
    const summary = (reports: readonly AppReport[]) => ({
      broken: reports.flatMap(({ broken }) => broken),
      restored: sum(reports, 'restored'),
      left: sum(reports, 'queued') + sum(reports, 'spooled'),
      lost: reports.reduce((lost, { ledger }) => lost + counted(ledger), 0),
      twice: sum(reports, 'possibleDuplicates'),
      difference: sum(reports, 'created') + sum(reports, 'restored') - sum(reports, 'accepted'),
    });

    const settled = async (group: AppGroup): Promise<void> => {
      await until(async () => sum(await group.reports(), 'spooled') === 0, 'the answers');
    };

    /** One member is killed, and the others deliver what it spooled. */
    const takenOver = async (group: AppGroup) => {
      await spooled(group);
      await group.killOne(0);
      await proxy.up();
      await expectArrived(MEMBERS);
      await settled(group);
      return summary(await group.reports());
    };

    beforeEach(async () => {
      directory = await stage.directory();
      ({ collector, proxy } = await stage.route());
      await proxy.down();
    });
    afterEach(() => stage.close());

    it('by cluster workers: another worker takes over the spool of one that is killed, once', async () => {
      const summed = await takenOver(await groupOf('cluster'));
      expect(summed).toEqual({ ...TIDY, restored: SPANS });
      await until(async () => (await readdir(directory)).length === MEMBERS.length - 1);
    });

    it('by threads: the next process takes over the spool of a thread that ended, once', async () => {
      const group = await groupOf('threads');
      await spooled(group);
      await group.killOne(0);
      await proxy.up();
      await expectArrived(MEMBERS.slice(1));
      await settled(group);
      expect(summary(await group.reports())).toEqual(TIDY);
      await group.all('shutdown', 5000);
      expect(await readdir(directory)).toHaveLength(1);
      await group.kill();
      const next = await stage.appProcess(options('next'));
      await expectArrived(MEMBERS);
      await until(async () => (await next.report()).ledger.spooled === 0);
      expect(summary([await next.report()])).toEqual({ ...TIDY, restored: SPANS });
      await until(async () => (await readdir(directory)).length === 1);
    });

    if (LONG) {
      it('by threads: after a minute another thread takes over the spool of a thread that ended', async () => {
        const summed = await takenOver(await groupOf('threads'));
        expect(summed).toEqual({ ...TIDY, restored: SPANS });
      });
    }

    it('by processes that start at the same time: one of them takes over each abandoned spool', async () => {
      const group = await groupOf('cluster');
      await spooled(group);
      await group.kill();
      await proxy.up();
      const names = ['four', 'five', 'six', 'seven'];
      const apps = await Promise.all(names.map((name) => stage.appProcess(options(name))));
      await Promise.all(apps.map((app) => app.spans(SPANS)));
      await expectArrived([...MEMBERS, ...names]);
      await Promise.all(apps.map((app) => app.flush()));
      await until(async () => {
        const reports = await Promise.all(apps.map((app) => app.report()));
        return sum(reports, 'spooled') === 0;
      });
      expect(summary(await Promise.all(apps.map((app) => app.report())))).toEqual({
        ...TIDY,
        restored: SPANS * MEMBERS.length,
      });
    });
  });
});
