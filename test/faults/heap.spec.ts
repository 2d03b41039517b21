import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { AppOptions } from './fixtures/app.js';
import type { AppProcess } from './fixtures/app-process.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * An app whose heap is nearly full, under load, while the collector is away. V8 ends a process whose heap is at its
 * limit, so an app that answers after has not reached it. Threads have the same limit, each for itself.
 */
const MIB = 1024 * 1024;
const HEAP_MIB = 96;
const FULL_BYTES = 0.75 * HEAP_MIB * MIB;
const RATE = 10_000;
const OUTAGE_MS = 4000;
const MAX_BYTES = 4 * MIB;
/** What a span of ours holds of a heap at the least, where it is kept as an object. */
const OBJECT_BYTES = 1000;

describe('a heap near its limit', () => {
  useLeakCheck();

  describe('of an app', () => {
    const stage = new Stage();
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (options: Partial<AppOptions> = {}): Promise<AppProcess> =>
      stage.appProcess(
        {
          traces: { endpoint: `http://127.0.0.1:${proxy.port}`, timeoutMs: 2000 },
          maxBytes: MAX_BYTES,
          ...options,
        },
        { flags: [`--max-old-space-size=${HEAP_MIB}`] },
      );

    beforeEach(async () => {
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it.each([
      ['refuses', () => proxy.down(), () => proxy.up()],
      [
        'is silent',
        async () => proxy.set({ blackHole: true }),
        async () => {
          proxy.set({});
          // What is open never recovers.
          proxy.reset();
        },
      ],
    ])(
      'gives up telemetry, counted, and nothing else, while the collector %s',
      async (_how, begin, end) => {
        const app = await start();
        await app.spans(100);
        await app.flush();
        const filled = await app.call<number>('ballast', FULL_BYTES);
        await begin();
        await app.pace(RATE);
        await lasting(OUTAGE_MS);
        const made = await app.rest();
        const during = await app.report();
        expect(made * OBJECT_BYTES).toBeGreaterThan(HEAP_MIB * MIB - filled);
        const { queue_full: counted = 0 } = during.ledger.dropped;
        expect(counted).toBeGreaterThan(0);
        expect(during.mostBytes).toBeLessThanOrEqual(MAX_BYTES);
        await end();
        expect(await app.flush()).toEqual({ kind: 'done' });
        const report = await app.report();
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, counted, doubles });
        expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        expect(report.ledger.dropped).toEqual({ queue_full: counted });
        expect(report).toMatchObject({ replaced: 0, runner: 'worker' });
        expect(report.lines.length).toBeLessThanOrEqual(2);
      },
    );

    it('gives up nothing where there is a disk', async () => {
      const directory = await stage.directory();
      const app = await start({ spool: { directory, maxBytes: 64 * MIB } });
      await app.call('ballast', FULL_BYTES);
      await proxy.down();
      await app.pace(RATE);
      await lasting(OUTAGE_MS);
      const made = await app.rest();
      expect((await app.report()).ledger.spooled).toBeGreaterThan(0);
      await proxy.up();
      await until(async () => (await app.report()).ledger.accepted >= made, `${made} spans`);
      await app.flush();
      const report = await app.report();
      const { arrived: size, doubles } = await collector.counts();
      expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
      expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
      expect(report).toMatchObject({ replaced: 0, runner: 'worker' });
    });
  });
});
