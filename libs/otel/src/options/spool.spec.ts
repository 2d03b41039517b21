import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathsOf, started, takenBy } from './fixtures/engines.js';
import { checkSpool } from './spool.js';
import type { FileSystemOf } from './spool.js';

const GIB = 2 ** 30;
const EXT4 = 0xef53;
const NFS = 0x6969;

describe('the directory of a spool', () => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  const take = takenBy('nestlens');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spool-'));
    await writeFile(at('file'), '');
    await mkdir(at('there'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('may exist, be missing, or be missing with its parents', () => {
    for (const directory of [at('there'), at('missing'), at('far', 'down')]) {
      expect(started(take({ otlp: { spool: { directory } } })).warnings).toEqual([]);
    }
  });

  it('stops the start if it is a file or lies below one, and the message names the option', () => {
    const directory = at('file');
    const below = at('file', 'spool');
    expect(take({ otlp: { spool: { directory } } })).toMatchObject({
      faults: [`otlp.spool.directory="${directory}"`],
      message: expect.stringContaining('this is a file; name a directory'),
    });
    const variables = { NESTLENS_OTLP_SPOOL_DIRECTORY: below };
    expect(take({}, variables)).toMatchObject({
      faults: [`NESTLENS_OTLP_SPOOL_DIRECTORY="${below}"`],
      message: expect.stringContaining(`"${directory}" on the way to it is a file`),
    });
    // The official engine has no spool, so it ignores the option with a warning.
    expect(pathsOf(takenBy('sdk')({ otlp: { spool: { directory } } }))).toEqual([]);
  });

  const of =
    (type: number, free: number): FileSystemOf =>
    () => ({ type, bsize: 4096, blocks: GIB, bavail: free / 4096 });

  it('leads to a warning on a network file system', () => {
    const { warnings } = checkSpool('otlp.spool', { directory: folder }, of(NFS, GIB));
    expect(warnings).toEqual([
      `otlp.spool: ${folder} lies on NFS, where locks and syncs may not hold; a local disk is better.`,
    ]);
  });

  it('leads to a warning if the disk has less space than the spool may take, also by default', () => {
    const directory = at('missing');
    const tight = of(EXT4, 1024 * 4096);
    expect(checkSpool('otlp.spool', { directory, maxBytes: 65_536 }, tight).warnings).toEqual([]);
    for (const maxBytes of [GIB, undefined]) {
      const { warnings } = checkSpool(
        'otlp.spool',
        { directory, ...(maxBytes && { maxBytes }) },
        tight,
      );
      expect(warnings).toEqual([
        `otlp.spool: spool.maxBytes is ${maxBytes ?? 268_435_456}, but ${directory} has 4194304 bytes free; ` +
          'what does not fit stays in memory.',
      ]);
    }
    const all = { directory: at('there'), maxBytes: Number.MAX_SAFE_INTEGER };
    expect(started(take({ otlp: { spool: all } })).warnings).toHaveLength(1);
  });
});
