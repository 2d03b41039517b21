import { lasting, until } from './fixtures/until.js';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { CollectorProcess } from './fixtures/collector-process.js';
import type { AppOptions } from './fixtures/app.js';
import type { AppProcess, ProcessReport } from './fixtures/app-process.js';
import { MAX_DELAY_RATIO } from './fixtures/loop-delay.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';

/**
 * The collector cannot be reached for a while. App, collector and proxy are three processes. By default the
 * outages of 10 s and 60 s at 500 spans/s last 3 s and 6 s, at the same rate, and the bytes that 60 s would
 * hold are computed from those that 6 s held. With NESTLENS_FAULTS_LONG=1 the outages last as long as promised,
 * and restarts go on for 5 min.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const RATE = 500;
const MIB = 1024 * 1024;
const MAX_BYTES = 16 * MIB;
const RSS_BYTES = 32 * MIB;

describe('without a spool', () => {
  useLeakCheck();

  describe('an outage of the collector', () => {
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

    const expectNoHarm = async (app: AppProcess, report: ProcessReport): Promise<void> => {
      const { mostBytes, lines, ledger } = report;
      // `broken` would contain a cause that was logged twice within a minute.
      expect(mostBytes).toBeLessThanOrEqual(MAX_BYTES);
      expect(await app.delayRatio(report)).toBeLessThanOrEqual(MAX_DELAY_RATIO);
      expect(lines.length).toBeLessThanOrEqual(LONG ? 6 : 2);
      expect(ledger.dropped).toEqual({});
    };

    afterEach(() => stage.close());

    it.each(LONG ? [10, 60] : [3, 6])(
      'of %d s, with connections refused, loses none of 500 spans/s',
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
        // The first batch finds that the outage is over, and no earlier failure delays it: one attempt for each
        // connection.
        expect(proxy.accepted - accepted).toBeLessThanOrEqual(2);
        const made = await app.rest();
        await arrives(made);
        await app.flush();
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        const balance = balanceOf(report, { size, doubles });
        // Requests in flight when the connection was cut may arrive twice.
        expect(balance).toEqual({ ...WHOLE, doubles: balance.doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        // The queue held every span that ended during the outage.
        expect(heldSpans).toBeGreaterThanOrEqual(during.made - before.made);
        // The bytes that an outage of a minute would hold.
        expect((heldBytes / heldSpans) * 60 * RATE).toBeLessThanOrEqual(MAX_BYTES);
        expect(report.mostRss - before.mostRss).toBeLessThanOrEqual(RSS_BYTES);
        await expectNoHarm(app, report);
      },
    );

    it('of 300 seals fits into the queue even with few spans in each seal', async () => {
      const app = await start({ sealAfterMs: 10, maxBytes: 2 * MIB });
      await proxy.down();
      // 300 seals of 10 ms, as many as in 300 s with the default of 1 s.
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
      'that repeats, 2 s up and 3 s down, loses no span',
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
        await expectNoHarm(app, report);
      },
      LONG ? 360_000 : 120_000,
    );
  });
});
