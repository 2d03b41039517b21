import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { batch, drain, idOf, range } from './fixtures/batches.js';
import { nodeDisk, type Disk } from './disk.js';
import { imbalance, Openings } from './fixtures/open.js';
import { encodeRecordHeader, encodeSegmentHeader, openName, sealedName } from './segment-format.js';

const RECORDS = 20_000;

/** Node's disk, with the number of its calls by name and of the bytes that were read. */
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

  /** Opens a spool, and returns it with the disk calls of the opening. */
  async function opening(directory: string) {
    const counted = countingDisk();
    const spool = await openings.open({ directory, disk: counted.disk });
    return { spool, asked: { ...counted.asked } };
  }

  /** A directory of `count` files with one record each. A crash left half of them. Other files lie beside them. */
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

  it('makes at most one call of each kind for each file, after a crash or not', async () => {
    const count = 1000;
    const { spool, asked } = await opening(manyFiles(count));
    const { bytesRead = 0, ...calls } = asked;
    // A long search continues after the opening, so there may be fewer calls.
    expect(Object.entries(calls).filter(([, made]) => made > count + 20)).toEqual([]);
    expect(bytesRead).toBeLessThan(count * 120);
    await spool.append(batch(count + 1, 8));
    const records = [await spool.take(), await spool.take()];
    expect(records.map((record) => record && idOf(record))).toEqual([1, 2]);
    expect(imbalance(spool)).toEqual([0, 0, 0]);
  });

  it('reads only the cursor of a spool that was closed', async () => {
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

  it('reads a file of 20,000 records once after a crash', async () => {
    const directory = openings.directory();
    const path = home(directory);
    const bytes = segment(1, range(0, RECORDS), 120, Date.now());
    writeFileSync(join(path, openName(1)), bytes);
    const { spool, asked } = await opening(directory);
    // Each byte is read once, and each call reads 16 KiB or more.
    expect(asked['bytesRead']).toBeLessThan(bytes.length + 64 * 1024);
    expect(asked['read']).toBeLessThan(bytes.length / (16 * 1024));
    expect(spool.stats().held.traces).toBe(RECORDS);
    expect(await drain(spool)).toEqual(range(0, RECORDS));
  });
});
