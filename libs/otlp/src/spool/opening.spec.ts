import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../send/sender.js';
import { batch, drain, range } from './fixtures/batches.js';
import { CountingDisk } from './fixtures/counting-disk.js';
import { Openings } from './fixtures/open.js';
import { encodeRecordHeader, encodeSegmentHeader, openName, sealedName } from './segment-format.js';

const FEW = 20;
const MANY = 1000;
const RECORD_BYTES = 64 + 32 + 8;

describe('opening a spool', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  function segment(sequence: number): Buffer {
    const one = batch(sequence, 8);
    const header = encodeRecordHeader(one, Date.now(), sequence);
    return Buffer.concat([encodeSegmentHeader(sequence, sequence), header, ...one.chunks]);
  }

  /** A directory as a process leaves it, with so many files under the names that `nameOf` gives. */
  function left(count: number, nameOf: (sequence: number) => string): string {
    const directory = openings.directory();
    const home = join(directory, '000000000000001-1-00000000');
    mkdirSync(home);
    for (const id of range(1, count + 1)) writeFileSync(join(home, nameOf(id)), segment(id));
    return directory;
  }

  function sealed(sequence: number): string {
    const items = { traces: 1, metrics: 0, logs: 0 };
    return sealedName({ sequence, firstMs: 1, lastMs: Date.now(), bytes: RECORD_BYTES, items });
  }

  /** Each look at it is 200 ms after the last, so that the time for files without a name is over after a few. */
  function hurried(): Clock {
    let looks = 0;
    return { now: () => (looks += 1) * 200, after: (ms, run) => systemClock.after(ms, run) };
  }

  it.each([
    ['by their names alone', sealed],
    ['a few of those that a crash left without one, and the others later', openName],
  ])('asks no more of the disk for many files than for few: %s', async (_, nameOf) => {
    const calls: number[] = [];
    for (const count of [FEW, MANY]) {
      const counting = new CountingDisk();
      const directory = left(count, nameOf);
      await openings.open({ directory, disk: counting.disk, clock: hurried() });
      calls.push(counting.calls);
    }
    expect(calls[0]).toBeGreaterThan(0);
    expect(calls[1]).toBe(calls[0]);
  });

  it('reads each file once for its facts and once for its records', async () => {
    const counting = new CountingDisk();
    const directory = left(FEW, openName);
    const spool = await openings.open({ directory, disk: counting.disk });
    expect(await drain(spool)).toEqual(range(1, FEW + 1));
    // The lock and the cursor are read as well.
    const least = FEW * RECORD_BYTES;
    expect(counting.readBytes).toBeGreaterThanOrEqual(2 * least);
    expect(counting.readBytes).toBeLessThan(3 * least);
  });
});
