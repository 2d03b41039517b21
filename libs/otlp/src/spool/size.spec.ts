import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { nodeDisk, type Disk } from './disk.js';
import { imbalance, Openings } from './fixtures/open.js';
import { encodeRecordHeader, encodeSegmentHeader, openName, sealedName } from './segment-format.js';

const RECORDS = 20_000;

/** Node's disk, with how often each of its calls was made and how many bytes were read. */
function countingDisk(): { readonly disk: Disk; readonly asked: Record<string, number> } {
  const asked: Record<string, number> = { bytesRead: 0 };
  const disk = Object.fromEntries(
    Object.entries(nodeDisk).map(([name, call]: [string, unknown]) => [
      name,
      typeof call !== 'function'
        ? call
        : async (...args: unknown[]): Promise<unknown> => {
            asked[name] = (asked[name] ?? 0) + 1;
            const answer = (await call(...args)) as unknown;
            if (name === 'read') asked['bytesRead'] = (asked['bytesRead'] ?? 0) + Number(answer);
            return answer;
          },
    ]),
  ) as unknown as Disk;
  return { disk, asked };
}

describe('a large spool', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  function home(directory: string): string {
    const path = join(directory, '000000000000001-1-00000000');
    mkdirSync(path);
    return path;
  }

  function segment(sequence: number, ids: readonly number[], bytes: number, atMs: number): Buffer {
    return Buffer.concat([
      encodeSegmentHeader(sequence, sequence),
      ...ids.flatMap((id) => {
        const one = batch(id, bytes);
        return [encodeRecordHeader(one, atMs, sequence), ...one.chunks];
      }),
    ]);
  }

  /** What opening asks of the disk. */
  async function opening(directory: string) {
    const counted = countingDisk();
    const spool = await openings.open({ directory, disk: counted.disk });
    return { spool, asked: { ...counted.asked } };
  }

  /** One record in each, half of them left by crashes, with other files beside. */
  function manyFiles(count: number): string {
    const directory = openings.directory();
    const path = home(directory);
    const firstMs = Date.now();
    const items = { traces: 1, metrics: 0, logs: 0 };
    for (const id of range(1, count + 1)) {
      const bytes = segment(id, [id], 8, firstMs);
      const facts = { sequence: id, firstMs, lastMs: firstMs, bytes: bytes.length, items };
      writeFileSync(join(path, id % 2 === 0 ? sealedName(facts) : openName(id)), bytes);
    }
    for (const id of range(0, 100)) writeFileSync(join(directory, `other-${id}`), '');
    return directory;
  }

  it('asks each call of the disk at most once for each file, left by a crash or not', async () => {
    const count = 1000;
    const { spool, asked } = await opening(manyFiles(count));
    const { bytesRead = 0, ...calls } = asked;
    // A survey that takes long goes on after the opening: less is fine.
    expect(Object.entries(calls).filter(([, made]) => made > count + 20)).toEqual([]);
    expect(bytesRead).toBeLessThan(count * 120);
    await spool.append(batch(count + 1, 8));
    const records = [await spool.take(), await spool.take()];
    expect(records.map((record) => record && idOf(record))).toEqual([1, 2]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('reads nothing of what was closed in order but its cursor', async () => {
    const directory = openings.directory();
    const before = await openings.open({ directory });
    for (const id of range(0, 40)) await before.append(batch(id, 1024 * 1024 - 32));
    const { held } = before.stats();
    await before.close();
    const { spool, asked } = await opening(directory);
    expect(asked['bytesRead']).toBeLessThan(1024);
    expect(spool.stats().held).toEqual(held);
    expect((await drain(spool)).length).toBe(held.traces);
  });

  it('reads once what a crash left, 20,000 records in one file', async () => {
    const directory = openings.directory();
    const path = home(directory);
    const bytes = segment(1, range(0, RECORDS), 120, Date.now());
    writeFileSync(join(path, openName(1)), bytes);
    const { spool, asked } = await opening(directory);
    // Neither a byte at a time nor twice: this is less than a call for each 16 KiB.
    expect(asked['bytesRead']).toBeLessThan(bytes.length + 64 * 1024);
    expect(asked['read']).toBeLessThan(bytes.length / (16 * 1024));
    expect(spool.stats().held.traces).toBe(RECORDS);
    expect(await drain(spool)).toEqual(range(0, RECORDS));
  });
});
