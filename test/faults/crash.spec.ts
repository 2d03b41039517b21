import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy, useLeakCheck } from '@nestlens/testing';
import type { AppProcess } from './fixtures/app-process.js';
import { counted } from './fixtures/books.js';
import { CollectorProcess } from './fixtures/collector-process.js';
import { Stage } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * F1, F33 with a spool: what is on disk outlives the process. NESTLENS_FAULTS_KILLS: how many processes are killed,
 * 20 by default; 200 are promised. The outage of 10 min is 3 s at ten times the rate: 15,000 spans of 300,000.
 */
const KILLS = Number(process.env['NESTLENS_FAULTS_KILLS'] ?? 20);
/** In one directory. */
const AT_A_TIME = 4;
const RATE = 500;
const MIB = 1024 * 1024;
/** An fsync each 500 ms, and a seal each 100 ms: what a kill may take. */
const SEAL_MS = 100;
const LOST_MS = 500 + SEAL_MS;

describe('a spool', () => {
  useLeakCheck();

  describe('of an app', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (
      name: string,
      durable: 'overflow' | 'always' = 'overflow',
    ): Promise<AppProcess> =>
      stage.appProcess({
        name,
        traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
        spool: { directory, maxBytes: 64 * MIB, durable },
        maxBytes: 4 * MIB,
        sealAfterMs: SEAL_MS,
      });

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'nestlens-faults-'));
      stage.keep(directory, (path) => rm(path, { recursive: true }));
      collector = stage.keep(await CollectorProcess.start(), (each) => each.kill());
      const target = { port: collector.grpcPort };
      proxy = stage.keep(await FaultProxy.start({ target }), (each) => each.close());
    });
    afterEach(() => stage.close());

    it('F1, P2, P4: an outage with more than memory holds loses nothing', async () => {
      const app = await start('outage');
      await proxy.down();
      await app.pace(RATE * 10);
      await lasting(3000);
      const made = await app.rest();
      const during = await app.report();
      expect(during.books.spooled).toBeGreaterThan(0);
      expect(during.mostBytes).toBeLessThanOrEqual(4 * MIB);
      await proxy.up();
      const tookMs = await until(async () => (await collector.counts()).arrived >= made, 15_000);
      // P2: five times the live rate, after at most 2 s to find that the peer is back.
      expect(tookMs).toBeLessThanOrEqual(2000 + made / ((5 * RATE) / 1000));
      await app.flush(5000);
      await until(async () => (await app.report()).books.spooled === 0);
      const { books, broken, lines } = await app.report();
      expect(broken).toEqual([]);
      expect(counted(books)).toBe(0);
      expect(books.accepted).toBe(made);
      expect(lines.length).toBeLessThanOrEqual(3);
      expect(await collector.missing(made, 'outage')).toEqual([]);
    }, 40_000);

    it('F1, P2, P14: an outage that a restart of the app falls into loses nothing', async () => {
      await proxy.down();
      const first = await start('first');
      await first.spans(5000);
      const { ledger } = await first.shutdown(3000);
      expect(ledger.traces).toMatchObject({ created: 5000, spooled: 5000, queued: 0, dropped: {} });
      await first.kill();
      const second = await start('second');
      await second.spans(5000);
      await proxy.up();
      await until(async () => (await collector.counts()).arrived >= 10_000, 20_000);
      await until(async () => (await second.report()).books.spooled === 0);
      const { books, broken } = await second.report();
      expect(broken).toEqual([]);
      expect(books).toMatchObject({ restored: 5000, created: 5000, accepted: 10_000, dropped: {} });
    }, 40_000);

    it(
      'F33, P5, P15: kill -9 at any moment costs at most the last 500 ms, and every spool opens again',
      async () => {
        let seed = 3;
        const chance = (): number => {
          seed = (seed * 48_271) % 2_147_483_647;
          return seed / 2_147_483_647;
        };
        await proxy.down();
        const made: number[] = [];
        const live = async (name: string): Promise<number> => {
          const app = await start(name, 'always');
          await until(async () => (await app.report()).hasSpool);
          await app.pace(RATE);
          await lasting(LOST_MS + chance() * 500);
          const { made: before } = await app.report();
          await app.kill();
          return before;
        };
        for (let kill = 0; kill < KILLS; kill += AT_A_TIME) {
          const names = Array.from({ length: AT_A_TIME }, (_, each) => `run-${kill + each}`);
          made.push(...(await Promise.all(names.map((name) => live(name)))));
        }
        await proxy.up();
        const last = await start('last');
        await until(async () => (await last.report()).books.restored > 0, 20_000, 'the spool');
        await until(async () => (await last.report()).books.spooled === 0, 30_000, 'the replay');
        const { books, broken, lines } = await last.report();
        expect(broken).toEqual([]);
        expect(books.accepted).toBe(books.restored);
        expect(counted(books)).toBe(0);
        expect(lines.length).toBeLessThanOrEqual(3);
        for (const [run, count] of made.entries()) {
          const missing = await collector.missing(count, `run-${run}`);
          expect(missing.length).toBeLessThanOrEqual((LOST_MS / 1000) * RATE);
          // Only its end: what came before is on disk.
          const kept = count - missing.length;
          expect(kept).toBeGreaterThan(0);
          expect(missing[0] ?? `run-${run} ${kept}`).toBe(`run-${run} ${kept}`);
        }
      },
      60_000 + KILLS * 3000,
    );
  });
});
