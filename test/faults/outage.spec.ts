import { lasting, until } from './fixtures/until.js';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { CollectorProcess } from './fixtures/collector-process.js';
import type { AppOptions } from './fixtures/app.js';
import type { AppProcess, ProcessReport } from './fixtures/app-process.js';
import { UNHURT } from './fixtures/loop-delay.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';

/**
 * Collectors that are away. App, collector and proxy are three processes.
 * By default the outages of 10 s and 60 s at 500 spans/s last 3 s and 6 s, at the same rate, and what 60 s would hold
 * is computed from what 6 s held. NESTLENS_FAULTS_LONG=1: as long as they are promised for, and 5 min of restarts.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const RATE = 500;
const MIB = 1024 * 1024;
const MAX_BYTES = 16 * MIB;
const RSS_BYTES = 32 * MIB;

describe('an outage without a disk', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = async (options: Partial<AppOptions> = {}): Promise<AppProcess> => {
      ({ collector, proxy } = await stage.route());
      const endpoint = `http://127.0.0.1:${proxy.port}`;
      return stage.appProcess({ traces: { endpoint }, maxBytes: MAX_BYTES, ...options });
    };

    const arrives = (count: number): Promise<void> =>
      until(async () => (await collector.counts()).arrived >= count, `${count} spans`);

    const expectUnhurt = async (app: AppProcess, report: ProcessReport): Promise<void> => {
      const { mostBytes, lines, ledger } = report;
      // A line of a cause came once in any minute, or `broken` says so.
      expect(mostBytes).toBeLessThanOrEqual(MAX_BYTES);
      expect(await app.hurt(report)).toBeLessThanOrEqual(UNHURT);
      expect(lines.length).toBeLessThanOrEqual(LONG ? 6 : 2);
      expect(ledger.dropped).toEqual({});
    };

    afterEach(() => stage.close());

    it.each(LONG ? [10, 60] : [3, 6])(
      'refused for %d s at 500 spans/s loses nothing',
      async (seconds) => {
        const app = await start();
        await app.pace(RATE);
        await arrives(RATE);
        await proxy.down();
        const before = await app.report();
        await lasting(seconds * 1000);
        const during = await app.report();
        const heldSpans = during.ledger.queued;
        const heldBytes = during.mostBytes - before.mostBytes;
        const { accepted } = proxy;
        await proxy.up();
        const { arrived } = await collector.counts();
        await arrives(arrived + 1);
        // What comes first finds that it is over, and no failure before keeps it away: one for each connection.
        expect(proxy.accepted - accepted).toBeLessThanOrEqual(2);
        const made = await app.rest();
        await arrives(made);
        await app.flush();
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        const balance = balanceOf(report, { size, doubles });
        // What was under way when the connection was cut.
        expect(balance).toEqual({ ...WHOLE, doubles: balance.doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        // All that was ended meanwhile.
        expect(heldSpans).toBeGreaterThanOrEqual(during.made - before.made);
        // What a minute of it would hold.
        expect((heldBytes / heldSpans) * 60 * RATE).toBeLessThanOrEqual(MAX_BYTES);
        expect(report.mostRss - before.mostRss).toBeLessThanOrEqual(RSS_BYTES);
        await expectUnhurt(app, report);
      },
    );

    it('a trickle of spans fits as well as a flood, for as long', async () => {
      const app = await start({ sealAfterMs: 10, maxBytes: 2 * MIB });
      await proxy.down();
      // 300 seals of 10 ms: as 300 s at the default of a second.
      await app.pace(100);
      await lasting(3000);
      const made = await app.rest();
      const during = await app.report();
      expect(during.ledger).toMatchObject({ dropped: {}, queued: made });
      await proxy.up();
      expect(await app.flush()).toEqual({ kind: 'done' });
      const { arrived: size, doubles } = await collector.counts();
      expect(balanceOf(await app.report(), { size, doubles })).toEqual(WHOLE);
    });

    it(
      'up 2 s and down 3 s, again and again, loses nothing',
      async () => {
        const app = await start();
        await app.pace(RATE);
        for (let round = 0; round < (LONG ? 60 : 3); round += 1) {
          await lasting(2000);
          const { accepted } = proxy;
          await proxy.down();
          await lasting(3000);
          expect(proxy.accepted).toBe(accepted);
          await proxy.up();
        }
        const made = await app.rest();
        await arrives(made);
        await app.flush();
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        await expectUnhurt(app, report);
      },
      LONG ? 360_000 : 120_000,
    );
  });
});
