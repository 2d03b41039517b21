import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SpoolEvent } from './spool.js';
import { batch, drain, range } from './fixtures/batches.js';
import { CountingDisk } from './fixtures/counting-disk.js';
import { imbalance, Openings } from './fixtures/open.js';
import { openName, parseSegmentName, sealedName } from './segment-format.js';

const RECORD = 132;
const HEADER = 64;
/** The smallest read. A record that is cut at the end of a read is read again with the next. */
const WINDOW = 32 * 1024;
/** The bytes that a lock and a cursor may have. */
const OTHERS = 1024;

describe('a damaged spool', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  /** A directory with ten records of 132 bytes in one segment, whose file `change` damages. */
  async function damaged(change: (path: string, bytes: Buffer) => void): Promise<string> {
    const directory = openings.directory();
    const spool = await openings.open({ directory });
    for (const id of range(0, 10)) await spool.append(batch(id));
    await spool.close();
    const path = segmentIn(directory);
    change(path, readFileSync(path));
    return directory;
  }

  /** The bytes of all files that look like segments. */
  function bytesIn(directory: string): number {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && parseSegmentName(entry.name) !== undefined)
      .reduce((sum, { name, parentPath }) => sum + readFileSync(join(parentPath, name)).length, 0);
  }

  function segmentIn(directory: string): string {
    const [home = ''] = readdirSync(directory);
    const names = readdirSync(join(directory, home));
    return join(directory, home, names.find((name) => parseSegmentName(name)) ?? '');
  }

  function flip(at: number) {
    return (path: string, bytes: Buffer) => {
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      writeFileSync(path, bytes);
    };
  }

  async function survivors(directory: string) {
    const events: SpoolEvent[] = [];
    const counting = new CountingDisk();
    const bytes = bytesIn(directory);
    const { disk } = counting;
    const spool = await openings.open({ directory, disk, onEvent: (event) => events.push(event) });
    const ids = await drain(spool);
    await spool.fsync();
    expect(imbalance(spool)).toEqual([0, 0, 0]);
    // A file with any content is read at most twice: for its counts, if its name has none, and for its records.
    const again = (bytes / WINDOW) * RECORD;
    expect(counting.readBytes).toBeLessThanOrEqual(2 * bytes + again + OTHERS);
    const { corrupt } = spool.stats();
    // The damaged part is not found a second time.
    await spool.close();
    const next = await openings.open({ directory });
    expect([await drain(next), next.stats().corrupt.bytes]).toEqual([[], 0]);
    return { ids, corrupt, told: events.filter(({ kind }) => kind === 'corrupt').length };
  }

  function without(...lost: number[]): number[] {
    return range(0, 10).filter((id) => !lost.includes(id));
  }

  it.each([
    ['a body', HEADER + 4 * RECORD + 80],
    ['the magic of a record', HEADER + 4 * RECORD],
    ['its version', HEADER + 4 * RECORD + 4],
    ['its signal', HEADER + 4 * RECORD + 6],
    ['its items', HEADER + 4 * RECORD + 8],
    ['its length', HEADER + 4 * RECORD + 13],
    ['its time', HEADER + 4 * RECORD + 20],
    ['its first check', HEADER + 4 * RECORD + 24],
    ['its second check', HEADER + 4 * RECORD + 28],
  ])('loses one record if a bit of %s flips', async (_, at) => {
    const { ids, corrupt, told } = await survivors(await damaged(flip(at)));
    expect(ids).toEqual(without(4));
    expect(corrupt).toEqual({ traces: 1, metrics: 0, logs: 0, bytes: RECORD });
    expect(told).toBeGreaterThan(0);
  });

  it.each(range(0, HEADER))(
    'loses nothing if a bit of the segment header flips (byte %d)',
    async (at) => {
      const { ids, corrupt } = await survivors(await damaged(flip(at)));
      expect([ids, corrupt.bytes]).toEqual([range(0, 10), 0]);
    },
  );

  it('loses the last record of a truncated file', async () => {
    function tear(path: string) {
      return truncateSync(path, HEADER + 10 * RECORD - 50);
    }
    const { ids, corrupt } = await survivors(await damaged(tear));
    expect([ids, corrupt.traces]).toEqual([without(9), 1]);
  });

  it('counts records that were cut off, by the name of the file', async () => {
    function tear(path: string) {
      return truncateSync(path, HEADER + 3 * RECORD);
    }
    const { ids, corrupt } = await survivors(await damaged(tear));
    expect([ids, corrupt.traces]).toEqual([range(0, 3), 7]);
  });

  it('skips records that were overwritten with zeros', async () => {
    function zero(path: string, bytes: Buffer) {
      return writeFileSync(path, bytes.fill(0, HEADER + 2 * RECORD, HEADER + 5 * RECORD));
    }
    const { ids, corrupt } = await survivors(await damaged(zero));
    expect([ids, corrupt.traces, corrupt.bytes]).toEqual([without(2, 3, 4), 3, 3 * RECORD]);
  });

  it.each([
    ['zeros', (bytes: Buffer) => bytes.fill(0)],
    ['noise', (bytes: Buffer) => bytes.map((_, index) => (index * 7919) % 256)],
    ['nothing', () => Buffer.alloc(0)],
    ['a later version', (bytes: Buffer) => bytes.fill(2, 8, 9).fill(2, 40, 41)],
  ])('skips a file of %s', async (_, bytes) => {
    const { ids, corrupt } = await survivors(
      await damaged((path, whole) => writeFileSync(path, bytes(whole))),
    );
    expect([ids, corrupt.traces]).toEqual([[], 10]);
  });

  it('ignores a length beyond the end of the file', async () => {
    function lengthen(path: string, bytes: Buffer) {
      bytes.writeUInt32LE(0xffff_ffff, HEADER + 12);
      writeFileSync(path, bytes);
    }
    const { ids, corrupt } = await survivors(await damaged(lengthen));
    expect([ids, corrupt.traces]).toEqual([without(0), 1]);
  });

  it('does not take a record in the body of another record for its own', async () => {
    const directory = await damaged(() => undefined);
    const records = readFileSync(segmentIn(directory)).subarray(HEADER);
    const spool = await openings.open({ directory: openings.directory() });
    await spool.append({ signal: 'logs', items: 1, bytes: records.length, chunks: [records] });
    await spool.close();
    expect(records.includes('NLSR')).toBe(true);
    const other = openings.directory();
    const victim = await openings.open({ directory: other });
    await victim.append({ signal: 'logs', items: 1, bytes: records.length, chunks: [records] });
    await victim.append(batch(1));
    await victim.close();
    const path = segmentIn(other);
    flip(HEADER)(path, readFileSync(path));
    const { ids, corrupt } = await survivors(other);
    expect([ids, corrupt.logs, corrupt.bytes]).toEqual([[1], 1, 32 + records.length]);
  });

  it('reads a file full of bytes that look like the start of a record', async () => {
    function fill(path: string, bytes: Buffer) {
      return writeFileSync(
        path,
        Buffer.concat([bytes, Buffer.alloc(1024 * 1024, 'NLSR'), bytes.subarray(HEADER)]),
      );
    }
    const directory = await damaged(fill);
    const path = segmentIn(directory);
    const home = join(path, '..');
    // A crash leaves an open segment, whose name holds no counts.
    writeFileSync(join(home, openName(99)), readFileSync(path));
    const { ids } = await survivors(directory);
    expect(ids).toEqual([...range(0, 10), ...range(0, 10), ...range(0, 10)]);
  });

  it('counts records as lost that the name promises and the file lacks', async () => {
    const directory = openings.directory();
    const spool = await openings.open({ directory });
    for (const id of range(0, 3)) await spool.append(batch(id));
    await spool.close();
    const path = segmentIn(directory);
    const facts = parseSegmentName(path.split('/').at(-1) ?? '');
    if (facts?.kind !== 'sealed') throw new Error('not sealed');
    const items = { traces: 1, metrics: 0, logs: 4 };
    writeFileSync(
      join(path, '..', sealedName({ ...facts, sequence: 2, items })),
      readFileSync(path),
    );
    const { ids, corrupt } = await survivors(directory);
    const sent = ids.toSorted((a, b) => a - b);
    expect([sent, corrupt.logs, corrupt.traces]).toEqual([[0, 0, 1, 1, 2, 2], 4, 0]);
  });

  it.each(['cursor', 'lock/1.free'])('opens without a valid %s', async (name) => {
    const directory = await damaged((path) => writeFileSync(join(path, '..', name), 'garbage'));
    expect((await survivors(directory)).ids).toEqual(range(0, 10));
  });

  it('does not touch foreign files, and follows no link', async () => {
    const outside = join(openings.directory(), 'outside');
    writeFileSync(outside, 'not a segment');
    const directory = await damaged((path) => {
      const home = join(path, '..');
      writeFileSync(join(home, 'README'), 'mine');
      symlinkSync(outside, join(home, openName(50)));
      symlinkSync(home, join(home, '..', '000000000000001-1-00000000'));
      mkdirSync(join(home, openName(51)));
      writeFileSync(join(home, '..', '000000000000002-1-00000000'), '');
    });
    const spool = await openings.open({ directory });
    expect(await drain(spool)).toEqual(range(0, 10));
    await spool.fsync();
    await spool.close();
    expect(readFileSync(outside, 'utf8')).toBe('not a segment');
    expect(existsSync(segmentIn(directory))).toBe(true);
  });
});
