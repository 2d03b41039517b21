import { ManualClock } from '../send/fixtures/manual-clock.js';
import type { Batch } from '../send/sender.js';
import type { Exporter, Exporters, Overflow } from './exporter.js';
import { OpeningOverflow } from './opening-overflow.js';

const BATCH: Batch = { signal: 'traces', items: 1, bytes: 1, chunks: [new Uint8Array(1)] };
const EXPORTER = {} as Exporter;

describe('the overflow while the spool is opening', () => {
  function bench(isDurable = true) {
    const clock = new ManualClock();
    const opening = Promise.withResolvers<Overflow | undefined>();
    const exporters: Exporters = {
      of: { traces: EXPORTER, metrics: EXPORTER },
      all: [EXPORTER],
      alone() {},
      headers() {},
    };
    const overflow = new OpeningOverflow(opening.promise, clock, exporters, isDurable);
    const taken: Batch[] = [];
    const disk: Overflow = {
      wants: () => true,
      isBehind: () => false,
      take: async (batch) => taken.push(batch) > 0,
    };
    return { clock, opening, overflow, taken, disk };
  }

  it('holds batches, and passes them to the disk once it is open', async () => {
    const { opening, overflow, taken, disk } = bench();
    expect(overflow.wants(EXPORTER, 'traces')).toBe(true);
    const answer = overflow.take(BATCH);
    opening.resolve(disk);
    expect([await answer, taken]).toEqual([true, [BATCH]]);
  });

  it('reports that it has passed on all batches, oldest first', async () => {
    const { opening, overflow, taken, disk } = bench();
    const later: Batch = { ...BATCH, items: 2 };
    void overflow.take(BATCH);
    void overflow.take(later);
    opening.resolve(disk);
    await overflow.handedOn();
    expect(taken).toEqual([BATCH, later]);
  });

  it('returns its batches if the spool cannot be used', async () => {
    const { opening, overflow } = bench();
    const answer = overflow.take(BATCH);
    opening.resolve(undefined);
    expect(await answer).toBe(false);
  });

  it('returns its batches after 5 s if the disk hangs', async () => {
    const { clock, overflow } = bench();
    const answer = overflow.take(BATCH);
    await clock.advance(4999);
    expect(overflow.wants(EXPORTER, 'traces')).toBe(true);
    await clock.advance(1);
    expect([await answer, overflow.wants(EXPORTER, 'traces'), await overflow.take(BATCH)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('holds only metrics if the spool is used for overflow only', async () => {
    const { opening, overflow, taken, disk } = bench(false);
    const [free, behind]: Batch[] = [1, 2].map((items) => ({ ...BATCH, signal: 'metrics', items }));
    expect([overflow.wants(EXPORTER, 'traces'), overflow.wants(EXPORTER, 'metrics')]).toEqual([
      false,
      true,
    ]);
    const answers = [overflow.take(free!), overflow.take(behind!)];
    const holds = [false, true];
    opening.resolve({ ...disk, wants: () => holds.shift() === true });
    expect([await Promise.all(answers), taken]).toEqual([[false, true], [behind]]);
  });
});
