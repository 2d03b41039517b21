import { readdir } from 'node:fs/promises';
import { seededRandom, useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import { AppProcess } from './fixtures/app-process.js';
import { counted } from './fixtures/span-ledger.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { Stage } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Processes that are killed, in whatever they are doing: opening the spool, taking over what others left,
 * appending, or, while the collector is there for a moment, replaying and acknowledging.
 * NESTLENS_FAULTS_KILLS: how many; 20 by default, 200 are promised.
 */
const KILLS = Number(process.env['NESTLENS_FAULTS_KILLS'] ?? 20);
const SHARERS = 2;
/** As many lives at once as keep two cores busy; a directory is for a few of them. */
const DIRECTORIES = 4;
const RATE = 500;
const MIB = 1024 * 1024;
const SEAL_MS = 100;
/** What a kill may take: what was ended within a seal and an fsync interval, though an fsync is not needed for it. */
const LOST_SPANS = (RATE * (500 + SEAL_MS)) / 1000;
const LONGEST_LIFE_MS = 1200;

interface Life {
  readonly name: string;
  /** Its spool was open before it began: where not, all may be in memory. */
  readonly opened: boolean;
  /** Shortly before the kill. */
  readonly made: number;
  /** Of them: on disk, or accepted. */
  readonly settled: number;
}

describe('apps that are killed', () => {
  useLeakCheck();

  describe('with a spool', () => {
    const stage = new Stage();
    const random = seededRandom(3);
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (name: string, directory: string): Promise<AppProcess> =>
      AppProcess.light({
        name,
        traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
        spool: { directory, maxBytes: 64 * MIB, durable: 'always' },
        maxBytes: 4 * MIB,
        sealAfterMs: SEAL_MS,
      });

    const live = async (name: string, directory: string): Promise<Life> => {
      const app = await start(name, directory);
      const opened = random() < 0.75;
      try {
        if (opened) await app.opened();
        await app.pace(RATE);
        await lasting(random() * LONGEST_LIFE_MS);
        const { made, ledger, broken } = await app.report();
        expect(broken).toEqual([]);
        const settled = made - ledger.queued;
        await lasting(random() * SEAL_MS);
        return { name, opened, made, settled };
      } finally {
        await app.kill();
      }
    };

    /** Takes over all that is left, and delivers it. */
    const reopen = async (directory: string): Promise<void> => {
      const last = await start('last', directory);
      stage.keep(last, (each) => each.kill());
      await last.opened();
      // Its own is all that is left: every other one was opened, and is empty.
      const alone = async (): Promise<boolean> => (await readdir(directory)).length === 1;
      await until(alone, 'the last spool');
      const { ledger, broken, lines } = await last.report();
      expect(broken).toEqual([]);
      expect(ledger).toMatchObject({ accepted: ledger.restored, queued: 0, spooled: 0 });
      expect(counted(ledger)).toBe(0);
      expect(lines.length).toBeLessThanOrEqual(3);
    };

    /** The collector is there for a quarter of the time. */
    const comeAndGo = async (ended: () => boolean): Promise<void> => {
      while (!ended()) {
        await proxy.down();
        await lasting(1500);
        await proxy.up();
        await lasting(500);
      }
    };

    beforeEach(async () => {
      await AppProcess.compile();
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it(
      `${KILLS} times with -9 lose what was ended just before, and every spool opens again`,
      async () => {
        const directories: string[] = [];
        for (let at = 0; at < DIRECTORIES; at += 1) directories.push(await stage.directory());
        const lives: Life[] = [];
        let begun = 0;
        let over = false;
        const liveOn = async (directory: string): Promise<void> => {
          while (begun < KILLS) lives.push(await live(`run-${begun++}`, directory));
        };
        const collecting = comeAndGo(() => over);
        const sharers = directories.flatMap((each) => Array.from({ length: SHARERS }, () => each));
        await Promise.all(sharers.map(liveOn)).finally(() => (over = true));
        await collecting;
        expect(lives).toHaveLength(KILLS);

        await proxy.up();
        await Promise.all(directories.map(reopen));
        const lost: number[] = [];
        for (const { name, opened, made, settled } of lives) {
          const missing = await collector.missing(made, name);
          const kept = made - missing.length;
          if (opened) lost.push(missing.length);
          // Only its end: what came before is there, and so is all that was said to be.
          expect(missing[0] ?? `${name} ${kept}`).toBe(`${name} ${kept}`);
          expect(kept).toBeGreaterThanOrEqual(settled);
        }
        // By the middle one: others on the machine spoil a life, a fault all of them.
        const middle = lost.toSorted((a, b) => a - b)[Math.floor(lost.length / 2)];
        expect(middle).toBeLessThanOrEqual(LOST_SPANS);
      },
      120_000 + KILLS * 2000,
    );
  });
});
