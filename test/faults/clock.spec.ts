import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { AppProcess, ProcessReport } from './fixtures/app-process.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * A wall clock that jumps while an app runs. The preload `shifted-clock.mjs` works everywhere, moves all threads of
 * the app and leaves its monotonic clock alone, as when a clock is set. libfaketime moves both clocks, is not on
 * every machine, and cannot be told when.
 */
const RATE = 200;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const shiftedClock = new URL('fixtures/shifted-clock.mjs', import.meta.url).href;

/** Count of durations that contain such a jump of an hour or more: none if they were measured with another clock. */
const jumpsIn = (durationMs = Number.NaN, jumpMs: number): number =>
  Math.abs(Math.round(durationMs / jumpMs));

describe('a wall clock that jumps', () => {
  useLeakCheck();

  describe('under an app with a spool', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (name: string, aheadMs = 0): Promise<AppProcess> =>
      stage.appProcess(
        {
          name,
          traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
          spool: { directory, durable: 'always' },
          sealAfterMs: 100,
        },
        { preload: [shiftedClock], env: { NESTLENS_FAULTS_CLOCK: String(aheadMs) } },
      );

    const shift = async (app: AppProcess, aheadMs: number): Promise<void> => {
      await app.call('shift', aheadMs);
      await until(async () => {
        return (await app.call<number>('shifted')) === aheadMs;
      });
    };

    const spooled = (app: AppProcess, count: number): Promise<void> =>
      until(async () => (await app.report()).ledger.spooled >= count, 'the spool');

    const expectInOrder = ({ ledger, broken, spool }: ProcessReport, jumpMs: number): void => {
      expect(broken).toEqual([]);
      expect(ledger.dropped).toEqual({});
      expect(jumpsIn(spool?.oldestMs, jumpMs)).toBe(0);
    };

    beforeEach(async () => {
      directory = await stage.directory();
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it.each([
      ['an hour on', HOUR_MS],
      ['an hour back', -HOUR_MS],
      ['400 days on', 400 * DAY_MS],
      ['400 days back', -400 * DAY_MS],
    ])(
      '%s in an outage is seen in no duration, age or pause, and loses nothing',
      async (_how, jumpMs) => {
        const app = await start('jumping');
        await app.spans(1);
        await app.flush();
        await app.pace(RATE);
        await app.call('begin', 50);
        await proxy.down();
        await spooled(app, RATE);
        await shift(app, jumpMs);
        const before = (await app.report()).ledger.spooled;
        await spooled(app, before + RATE);
        expectInOrder(await app.report(), jumpMs);
        await app.call('finish');
        const { arrived } = await collector.counts();
        await proxy.up();
        const back = async (): Promise<boolean> => (await collector.counts()).arrived > arrived;
        // A pause that included the jump would last for an hour.
        await until(back);
        // And back again, while it catches up.
        await shift(app, 0);
        await lasting(500);
        const made = await app.rest();
        await app.flush();
        await until(async () => (await app.report()).ledger.spooled === 0);
        const report = await app.report();
        expectInOrder(report, jumpMs);
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        expect(await collector.missing(made, 'jumping')).toEqual([]);
        const { shortestMs, longestMs } = await collector.durations();
        expect([jumpsIn(shortestMs, jumpMs), jumpsIn(longestMs, jumpMs)]).toEqual([0, 0]);
      },
    );

    it('a clock that is set right while an app spools costs the next one nothing that was ended after', async () => {
      await proxy.down();
      const app = await start('early', -400 * DAY_MS);
      await app.spans(500);
      await spooled(app, 500);
      await shift(app, 0);
      await app.spans(500);
      await spooled(app, 1000);
      await app.kill();
      await proxy.up();
      const next = await start('next');
      await until(async () => {
        const { restored, spooled: left } = (await next.report()).ledger;
        return restored === 1000 && left === 0;
      });
      const missing = await collector.missing(1000, 'early');
      expect(missing.filter((id) => Number(id.split(' ')[1]) >= 500)).toEqual([]);
    });
  });
});
