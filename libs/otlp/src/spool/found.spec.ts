import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepted } from '../send/outcome.js';
import { systemClock, type Clock } from '../send/sender.js';
import type { SpoolEvent } from './events.js';
import { batch, range } from './fixtures/batches.js';
import { Openings } from './fixtures/open.js';
import { encodeRecordHeader, encodeSegmentHeader } from './record.js';
import { openName, sealedName } from './segment-name.js';

const FILES = 20;

describe('what a spool finds', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  const segment = (sequence: number): Buffer => {
    const one = batch(sequence, 8);
    const header = encodeRecordHeader(one, Date.now(), sequence);
    return Buffer.concat([encodeSegmentHeader(sequence, sequence), header, ...one.chunks]);
  };

  /** Each look at it is 200 ms after the last: opening runs out of time after a few files. */
  const hurried = (): Clock => {
    let looks = 0;
    return { now: () => (looks += 1) * 200, after: (ms, run) => systemClock.after(ms, run) };
  };

  it.each([
    ['files that a crash left and no look at opening has reached', (id: number) => openName(id)],
    [
      'files with more in them than their names say',
      (id: number) => {
        const items = { traces: 0, metrics: 0, logs: 0 };
        const bytes = segment(id).byteLength;
        return sealedName({ sequence: id, firstMs: 1, lastMs: Date.now(), bytes, items });
      },
    ],
  ])('is told of before anything becomes of it: %s', async (_, nameOf) => {
    const directory = openings.directory();
    const home = join(directory, '000000000000001-1-00000000');
    mkdirSync(home);
    for (const id of range(1, FILES + 1)) writeFileSync(join(home, nameOf(id)), segment(id));
    let told = 0;
    const onEvent = (event: SpoolEvent): void => {
      if (event.kind === 'adopted') told += event.items.traces;
    };
    const spool = await openings.open({ directory, clock: hurried(), onEvent });
    expect(told).toBeLessThan(FILES);
    for (let taken = 1; taken <= FILES; taken += 1) {
      const record = await spool.take();
      expect(told).toBeGreaterThanOrEqual(taken);
      expect(told).toBe(spool.stats().recovered.traces);
      if (record !== undefined) spool.acknowledge(record, accepted);
    }
    expect([told, spool.stats().acknowledged.traces]).toEqual([FILES, FILES]);
  });
});
