import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { imbalance, Openings } from './fixtures/open.js';
import { encodeRecordHeader, encodeSegmentHeader } from './record.js';
import { openName, sealedName } from './segment-name.js';

const LONGEST_MS = 2000;
const FILES = 100_000;

describe('a large spool (F32)', () => {
  const openings = new Openings();
  afterEach(() => openings.end(), 60_000);

  const home = (directory: string): string => {
    const path = join(directory, '000000000000001-1-00000000');
    mkdirSync(path);
    return path;
  };

  const segment = (sequence: number, ids: readonly number[], bytes: number, atMs: number): Buffer =>
    Buffer.concat([
      encodeSegmentHeader(sequence, sequence),
      ...ids.flatMap((id) => {
        const one = batch(id, bytes);
        return [encodeRecordHeader(one, atMs, sequence), ...one.chunks];
      }),
    ]);

  async function openingMs(options: Parameters<Openings['open']>[0]) {
    const startMs = performance.now();
    const spool = await openings.open(options);
    return { spool, tookMs: performance.now() - startMs };
  }

  it('opens within 2 s with 100,000 files, half of them left by crashes, and others beside', async () => {
    const directory = openings.directory();
    const path = home(directory);
    const firstMs = Date.now();
    const items = { traces: 1, metrics: 0, logs: 0 };
    for (const id of range(1, FILES + 1)) {
      const bytes = segment(id, [id], 8, firstMs);
      const facts = { sequence: id, firstMs, lastMs: firstMs, bytes: bytes.length, items };
      writeFileSync(join(path, id % 2 === 0 ? sealedName(facts) : openName(id)), bytes);
    }
    for (const id of range(0, 1000)) writeFileSync(join(directory, `other-${id}`), '');
    const { spool, tookMs } = await openingMs({ directory });
    expect(tookMs).toBeLessThan(LONGEST_MS);
    await spool.append(batch(FILES + 1, 8));
    const records = [await spool.take(), await spool.take()];
    expect(records.map((record) => record && idOf(record))).toEqual([1, 2]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
    expect(readdirSync(path).length).toBeGreaterThanOrEqual(FILES);
  }, 120_000);

  it('opens within 2 s with a full cap', async () => {
    const directory = openings.directory();
    const before = await openings.open({ directory });
    for (const id of range(0, 300)) await before.append(batch(id, 1024 * 1024 - 32));
    const { bytes, held } = before.stats();
    expect(bytes).toBeGreaterThan(230 * 1024 * 1024);
    await before.close();
    const { spool, tookMs } = await openingMs({ directory });
    expect(tookMs).toBeLessThan(LONGEST_MS);
    expect(spool.stats().held).toEqual(held);
    expect((await drain(spool)).length).toBe(held.traces);
  }, 60_000);

  it('opens within 2 s when a crash left 100,000 records in one file', async () => {
    const directory = openings.directory();
    const path = home(directory);
    writeFileSync(join(path, openName(1)), segment(1, range(0, FILES), 120, Date.now()));
    const { spool, tookMs } = await openingMs({ directory });
    expect(tookMs).toBeLessThan(LONGEST_MS);
    expect(spool.stats().held.traces).toBe(FILES);
    expect(await drain(spool)).toEqual(range(0, FILES));
  }, 60_000);
});
