import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { AppOptions } from './fixtures/app.js';
import type { AppProcess } from './fixtures/app-process.js';
import { counted } from './fixtures/span-ledger.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { bytesIn } from './fixtures/files.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Outages with a spool. An outage of 10 min at 500 spans/s leaves 300,000 spans. The spec makes them in 15 s
 * (NESTLENS_FAULTS_LONG=1), or a fifth of them in 3 s. Live traffic has the real rate during the replay.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const SECONDS = LONG ? 15 : 3;
const PROMPT_SECONDS = LONG ? 60 : 6;
const RATE = 500;
const RUSH = 20_000;
const LOOK_EVERY_MS = 20;
const KIB = 1024;
const MIB = 1024 * KIB;
const MAX_BYTES = 16 * MIB;
const DISK_BYTES = 256 * MIB;
const RSS_BYTES = 32 * MIB;

describe('with a spool', () => {
  useLeakCheck();

  describe('an outage of the collector', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (name: string, options: Partial<AppOptions> = {}): Promise<AppProcess> =>
      stage.appProcess({
        name,
        traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
        spool: { directory },
        maxBytes: MAX_BYTES,
        ...options,
      });

    const caughtUp = (app: AppProcess): Promise<void> =>
      until(async () => (await app.report()).ledger.spooled === 0, 'the replay');

    /** Returns the largest size of the directory during the outage. */
    const mostOnDisk = async (outageMs: number): Promise<number> => {
      let most = 0;
      for (let look = 0; look < outageMs / LOOK_EVERY_MS; look += 1) {
        most = Math.max(most, await bytesIn(directory));
        await lasting(LOOK_EVERY_MS);
      }
      return most;
    };

    beforeEach(async () => {
      directory = await stage.directory();
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it(
      `of ${SECONDS * RUSH} spans loses none, stays in bounds, and is replayed beside live traffic`,
      async () => {
        const app = await start('outage');
        // The garbage of such a rate is not the pipeline's, so it is made before memory is measured.
        await app.pace(RUSH);
        await lasting(1000);
        await app.flush();
        const before = await app.report();
        await proxy.down();
        const onDisk = await mostOnDisk(SECONDS * 1000);
        await app.pace(RATE);
        const during = await app.report();
        const lost = during.made - before.made;
        expect(during.ledger.spooled).toBeGreaterThan(lost * 0.5);
        expect(during.mostBytes).toBeLessThanOrEqual(MAX_BYTES);
        expect(onDisk).toBeLessThanOrEqual(DISK_BYTES);
        const { arrived } = await collector.counts();
        await proxy.up();
        await until(async () => (await collector.counts()).arrived > arrived);
        const { made: madeAtReturn } = await app.report();
        await collector.watch('outage', madeAtReturn);
        await caughtUp(app);
        // While these live spans were made, five times as many of the outage arrived.
        const { made: madeAtEnd } = await app.report();
        expect(madeAtEnd - madeAtReturn).toBeLessThanOrEqual(lost / 5);
        await lasting(2000);
        const made = await app.rest();
        await app.flush();
        // Live spans go first: none came later than those that were made two seconds after it.
        const live = await collector.order();
        expect(live.count).toBe(made - madeAtReturn);
        expect(live.behind).toBeLessThanOrEqual(2 * RATE);
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        expect(report.ledger.accepted).toBe(made);
        expect(report.mostRss - before.mostRss).toBeLessThanOrEqual(RSS_BYTES);
        expect(report.lines.length).toBeLessThanOrEqual(3);
      },
      120_000 + SECONDS * 5000,
    );

    it('with more spans than the disk may hold evicts and counts the oldest, within the disk limit', async () => {
      const cap = 4 * MIB;
      const app = await start('capped', { maxBytes: 2 * MIB, spool: { directory, maxBytes: cap } });
      await app.spans(100);
      await app.flush();
      await proxy.down();
      await app.pace(RUSH);
      const onDisk = await mostOnDisk(3000);
      const made = await app.rest();
      const during = await app.report();
      expect(during.mostBytes).toBeLessThanOrEqual(2 * MIB);
      // Cursor and lock are added to the limit.
      expect(onDisk).toBeLessThanOrEqual(cap + 4 * KIB);
      expect(onDisk).toBeGreaterThan(cap * 0.5);
      await proxy.up();
      await caughtUp(app);
      await app.flush();
      const report = await app.report();
      const { arrived: size, doubles } = await collector.counts();
      const { spool_full: evicted = 0, queue_full: refused = 0 } = report.ledger.dropped;
      expect(evicted).toBeGreaterThan(0);
      expect(counted(report.ledger)).toBe(evicted + refused);
      const balance = { ...WHOLE, counted: evicted + refused, doubles };
      expect(balanceOf(report, { size, doubles })).toEqual(balance);
      const missing = await collector.missing(made, 'capped');
      expect(missing).toHaveLength(evicted + refused);
      expect(missing).not.toContain(`capped ${made - 1}`);
      expect(report.lines.filter((line) => line.includes('evicted'))).toHaveLength(1);
    });

    it.each(['overflow', 'always'] as const)(
      'is replayed at five times the rate once the first batch finds that it is over (durable: %s)',
      async (durable) => {
        const app = await start('prompt', { spool: { directory, durable } });
        await app.pace(RATE);
        await until(async () => (await collector.counts()).arrived > 0);
        await proxy.down();
        await lasting(PROMPT_SECONDS * 1000);
        const { arrived } = await collector.counts();
        const { accepted } = proxy;
        const { made: madeInOutage } = await app.report();
        await proxy.up();
        await until(async () => (await collector.counts()).arrived > arrived);
        // The first batch finds that the outage is over: one attempt for each connection.
        expect(proxy.accepted - accepted).toBeLessThanOrEqual(2);
        const { made: madeAtReturn } = await app.report();
        const arrives = async (): Promise<boolean> =>
          (await collector.counts()).arrived >= madeInOutage;
        await until(arrives, `${madeInOutage} spans`);
        // While these spans were made, five times as many were replayed. Spans of the last second wait for
        // their seal.
        const { made: madeAtEnd } = await app.report();
        const most = (madeInOutage - arrived) / 5 + RATE;
        expect(madeAtEnd - madeAtReturn).toBeLessThanOrEqual(most);
        await app.rest();
        await app.flush();
        const caught = async (): Promise<boolean> => (await app.report()).ledger.spooled === 0;
        await until(caught);
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
      },
      120_000 + PROMPT_SECONDS * 2000,
    );

    it('loses no span when the app restarts during it', async () => {
      await proxy.down();
      const first = await start('first');
      await first.spans(5000);
      const ended = await first.shutdown();
      expect(ended.ledger.traces).toMatchObject({
        created: 5000,
        spooled: 5000,
        queued: 0,
        dropped: {},
      });
      await first.kill();
      const second = await start('second');
      await second.spans(5000);
      await proxy.up();
      await until(async () => (await collector.counts()).arrived >= 10_000);
      await caughtUp(second);
      await until(async () => (await second.report()).ledger.queued === 0);
      const { ledger, broken } = await second.report();
      expect(broken).toEqual([]);
      expect(ledger).toMatchObject({
        restored: 5000,
        created: 5000,
        accepted: 10_000,
        dropped: {},
      });
    });
  });
});
