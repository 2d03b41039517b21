import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk, nodeDiskSync } from './disk.js';

describe('a directory of the real disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'disk-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made with its parents, only for its owner, and may exist already', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await nodeDisk.makeDirectory(path);
    await nodeDisk.makeDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    nodeDiskSync.makeDirectory(join(folder, 'd', 'e'));
    expect((await stat(join(folder, 'd', 'e'))).isDirectory()).toBe(true);
  });

  it('throws if it cannot be made although its parent exists', async () => {
    const nowhere = '/proc/nestlens/spool';
    await expect(nodeDisk.makeDirectory(nowhere)).rejects.toHaveProperty('code');
    expect(() => nodeDiskSync.makeDirectory(nowhere)).toThrow(nowhere.slice(0, 5));
  });
});
