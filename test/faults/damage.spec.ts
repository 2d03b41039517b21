import { readdir } from 'node:fs/promises';
import { useLeakCheck } from '@nestlens/testing';
import type { AppProcess } from './fixtures/app-process.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { MAX_DELAY_RATIO } from './fixtures/loop-delay.js';
import { AbandonedSpool, spoolFile } from './fixtures/spool-files.js';
import type { SpoolFile } from './fixtures/spool-files.js';
import { Stage } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/** An app that starts on a spool that was damaged meanwhile, or that holds very many files. */
const RECORDS = 5;
const SPANS = 10;
const FILES = 100_000;

type Damage = readonly [
  what: string,
  change: (file: SpoolFile) => Buffer,
  /** Count of lost records. */
  lost: number,
];

const changed = ({ bytes }: SpoolFile, change: (copy: Buffer) => unknown): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

const bodyOf = ({ bodies }: SpoolFile, record: number): number => bodies[record] ?? 0;

const DAMAGES: readonly Damage[] = [
  ['nothing', ({ bytes }) => bytes, 0],
  ['a torn tail', ({ bytes }) => bytes.subarray(0, bytes.length - 20), 1],
  [
    'a flipped bit',
    (file) => changed(file, (copy) => copy.fill(0xff, bodyOf(file, 2), bodyOf(file, 2) + 1)),
    1,
  ],
  ['zeros', (file) => changed(file, (copy) => copy.fill(0)), RECORDS],
  ['nothing left', () => Buffer.alloc(0), RECORDS],
  [
    'noise',
    (file) => changed(file, (copy) => copy.set(copy.map((_, at) => (at * 7919) % 256))),
    RECORDS,
  ],
  [
    'a later version',
    (file) => changed(file, (copy) => copy.fill(2, 8, 9).fill(2, 40, 41)),
    RECORDS,
  ],
  [
    'a huge length',
    (file) => changed(file, (copy) => copy.writeUInt32LE(0xffff_ffff, bodyOf(file, 0) - 20)),
    1,
  ],
];

describe('a spool that is not as it was left', () => {
  useLeakCheck();

  describe('under an app', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;

    const start = (): Promise<AppProcess> =>
      stage.appProcess({
        name: 'live',
        traces: { endpoint: `http://127.0.0.1:${collector.grpcPort}` },
        spool: { directory },
      });

    const recordsOf = (what: string): string[][] =>
      Array.from({ length: RECORDS }, (_, record) =>
        Array.from({ length: SPANS }, (__, span) => `${what} ${record * SPANS + span}`),
      );

    beforeEach(async () => {
      directory = await stage.directory();
      collector = await stage.collector();
    });
    afterEach(() => stage.close());

    it.each(['sealed', 'open'] as const)(
      'costs what is damaged, counted, and nothing else, and is never met again (%s files)',
      async (how) => {
        const spool = new AbandonedSpool(directory);
        let damaged = 0;
        for (const [at, [what, change, lost]] of DAMAGES.entries()) {
          const file = spoolFile(at + 1, recordsOf(what));
          spool.put(at + 1, file, how, change(file));
          damaged += lost * SPANS;
        }
        const all = DAMAGES.length * RECORDS * SPANS;
        const app = await start();
        await app.spans(100);
        await until(async () => (await collector.counts()).arrived === 100 + all - damaged);
        const alone = async (): Promise<boolean> => (await readdir(directory)).length === 1;
        await until(alone, 'the end of what was left');
        await app.flush();
        const { ledger, broken, lines } = await app.report();
        expect(broken).toEqual([]);
        const { restored, accepted, dropped } = ledger;
        expect(ledger).toMatchObject({ created: 100, queued: 0, spooled: 0, rejected: 0 });
        expect(accepted).toBe(100 + all - damaged);
        // A file that a crash left without its final name does not tell the contents of unreadable parts.
        expect(dropped).toEqual({ spool_corrupt: restored - (all - damaged) });
        expect(restored).toBeLessThanOrEqual(all);
        expect(how === 'open' || restored === all).toBe(true);
        expect((await collector.counts()).doubles).toBe(0);
        for (const [what, , lost] of DAMAGES) {
          const missing = await collector.missing(RECORDS * SPANS, what);
          expect([what, missing.length]).toEqual([what, lost * SPANS]);
        }
        expect(lines).toEqual([expect.stringContaining('lost batches: corrupt') as string]);
        await app.kill();
        const again = await start();
        await again.opened();
        expect((await again.report()).ledger).toMatchObject({ restored: 0, dropped: {} });
      },
    );

    it('of 100,000 files, half of them left by crashes, holds up nobody', async () => {
      const spool = new AbandonedSpool(directory);
      spool.putMany(FILES, spoolFile(1, [['many 0']]));
      const app = await start();
      await app.spans(100);
      await app.opened();
      const opened = await app.report();
      expect(await app.delayRatio(opened)).toBeLessThanOrEqual(MAX_DELAY_RATIO);
      // Live spans do not wait behind them.
      const live = async (): Promise<boolean> =>
        (await collector.missing(100, 'live')).length === 0;
      await until(live, 'live spans');
      expect((await app.report()).ledger.spooled).toBeGreaterThan(FILES / 2);
      const sent = async (): Promise<boolean> => (await app.report()).ledger.accepted >= 1000;
      await until(sent, 'the first of them');
      const { ledger, broken, lines, mostRss } = await app.report();
      expect(broken).toEqual([]);
      expect(ledger.dropped).toEqual({});
      expect(ledger.restored).toBeGreaterThanOrEqual(FILES / 2);
      expect(mostRss - opened.mostRss).toBeLessThanOrEqual(100 * 1024 * 1024);
      expect(lines).toEqual([]);
    });
  });
});
