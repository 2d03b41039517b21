import { readdirSync } from 'node:fs';
import { batch, drain, range } from './fixtures/batches.js';
import { Child } from './fixtures/child.js';
import { imbalance, Openings } from './fixtures/open.js';
import { below, seeded } from './fixtures/random.js';
import { systemClock } from '../send/sender.js';

/** The number of kills. `test/faults/kills.spec.ts` makes 200. A run of all specs has time for 20. */
const KILLS = Number(process.env['SPOOL_KILLS'] ?? 20);

/** The longest life of a child in ms. The longer one has fsyncs during which the child is killed. */
const LONGEST_MS = KILLS > 20 ? 900 : 300;

describe('a spool whose process is killed', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  function numbers(child: Child, word: string): number[] {
    return child.lines
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => Number(line.split(' ')[1]));
  }

  it(
    `opens again ${KILLS} times of ${KILLS}, with all confirmed records`,
    async () => {
      const directory = openings.directory();
      const random = seeded(KILLS);
      const missing: number[] = [];
      const unsynced: number[] = [];
      const syncs: number[] = [];
      let opened = 0;
      let promised = new Set<number>();
      let [appended, served, twice] = [0, 0, 0];
      for (const kill of range(0, KILLS)) {
        const always = kill % 4 === 3 ? 'always' : '';
        const child = new Child(['append', directory, String(1 + kill * 1_000_000), always]);
        await child.said('spooled');
        await new Promise<void>((resolve) => systemClock.after(below(random, LONGEST_MS), resolve));
        await child.kill();
        for (const id of numbers(child, 'spooled')) promised.add(id);
        appended += numbers(child, 'spooled').length;
        unsynced.push(...numbers(child, 'unsynced'));
        syncs.push(...numbers(child, 'fsync'));
        const acknowledged = numbers(child, 'acknowledged');
        for (const id of acknowledged) promised.delete(id);
        // Sometimes the next child takes over the records, in place of this process.
        if (kill % 3 === 1 && kill < KILLS - 1) continue;
        const spool = await openings.open({ directory });
        opened += 1;
        const ids = await drain(spool);
        const found = new Set(ids);
        missing.push(...[...promised].filter((id) => !found.has(id)));
        served += ids.length;
        twice += acknowledged.filter((id) => found.has(id)).length;
        expect(ids.length).toBe(found.size);
        expect([imbalance(spool), spool.stats().corrupt.traces]).toEqual([[0, 0, 0], 0]);
        await spool.close();
        promised = new Set();
      }
      const worst = Math.max(...unsynced);
      const slowest = Math.max(...syncs);
      if (KILLS > 20) {
        process.stdout.write(
          `kills ${KILLS} appended ${appended} served ${served} missing ${missing.length} ` +
            `acknowledged and served again ${twice} oldest unsynced ${worst} ms longest sync ${slowest} ms\n`,
        );
      }
      expect(missing).toEqual([]);
      expect(opened).toBe(KILLS - Math.floor((KILLS - 2 + 1) / 3));
      // The bound is 500 ms, and the delay that a busy machine adds to a timer.
      expect(worst).toBeLessThan(750);
      expect(readdirSync(directory)).toEqual([]);
    },
    10_000 + KILLS * 5000,
  );

  it('finds the records that a process dumped at an uncaught exception', async () => {
    const directory = openings.directory();
    const child = new Child(['crash', directory, '5']);
    await child.end();
    expect([child.lines, child.errors]).toEqual([['dumped spooled'], '']);
    const spool = await openings.open({ directory });
    await spool.append(batch(7));
    expect(await drain(spool)).toEqual([5, 6, 7]);
  });
});
