import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { noItems } from '../send/item-counts.js';
import { type Disk, nodeDisk } from './disk.js';
import { Openings } from './fixtures/open.js';
import { SegmentFile } from './segment-file.js';
import { openName } from './segment-format.js';

describe('a segment file', () => {
  const openings = new Openings();
  afterEach(() => openings.end());

  it('is deleted under its new name if the deletion comes during the rename', async () => {
    const directory = openings.directory();
    const renamed = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const disk: Disk = {
      ...nodeDisk,
      rename: async (from, to) => {
        await nodeDisk.rename(from, to);
        renamed.resolve();
        await answer.promise;
      },
    };
    const file = new SegmentFile(disk, 1, join(directory, openName(1)));
    await file.create();
    const sealing = file.seal({ bytes: 0, firstMs: 0, lastMs: 0, items: noItems() });
    await renamed.promise;
    expect(readdirSync(directory)).toHaveLength(1);
    const removing = file.remove();
    answer.resolve();
    await Promise.all([sealing, removing]);
    await file.closeWriting();
    expect(readdirSync(directory)).toEqual([]);
  });
});
