import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Batch } from '../send/sender.js';
import { codeOf, writeAllNow, type BlockingDisk } from './disk.js';
import { newHomeName } from './homes.js';
import { noItems, type Items } from './items.js';
import { freePath, lockDirectory, lockPath } from './lock.js';
import { nodeDisk } from './node-disk.js';
import { thisOwner } from './owner.js';
import { encodeRecordHeader, encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './record.js';
import { openName, sealedName } from './segment-name.js';

export type Dumped =
  | { readonly kind: 'spooled'; readonly items: Items; readonly bytes: number }
  | { readonly kind: 'failed'; readonly code: string };

/**
 * Writes batches to a directory of spools when the one who holds the spool cannot: from the main thread of a process
 * that is about to end, while a worker owns the spool. Waits for the disk. Needs no open spool; the next one to open
 * there, or one that is open, takes it over. Never throws. `directory` as in `openSpool`; its caps do not count here.
 */
export function dumpSync(
  directory: string,
  batches: readonly Batch[],
  disk: BlockingDisk = nodeDisk.now,
): Dumped {
  const nowMs = Date.now();
  const home = join(directory, newHomeName(nowMs));
  const lock = { directory: lockDirectory(home), number: 1 };
  const salt = randomInt(1, 2 ** 32);
  const items = noItems();
  const records = batches.flatMap((batch) => {
    items[batch.signal] += batch.items;
    return [encodeRecordHeader(batch, nowMs, salt), ...batch.chunks];
  });
  const bytes = records.reduce((sum, chunk) => sum + chunk.byteLength, SEGMENT_HEADER_BYTES);
  const facts = { sequence: 1, firstMs: nowMs, lastMs: nowMs, bytes, items };
  const open = join(home, openName(1));
  try {
    disk.makeDirectory(lock.directory);
    // Ours until it is whole. If we do not get that far, whoever finds it reads as much as there is.
    write(disk, lockPath(lock), [Buffer.from(JSON.stringify(thisOwner()))]);
    write(disk, open, [encodeSegmentHeader(1, salt), ...records]);
    disk.rename(open, join(home, sealedName(facts)));
    disk.rename(lockPath(lock), freePath(lock));
    disk.syncDirectory(home);
    disk.syncDirectory(directory);
    return { kind: 'spooled', items, bytes };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

function write(disk: BlockingDisk, path: string, chunks: readonly Uint8Array[]): void {
  const file = disk.open(path, 'create');
  try {
    writeAllNow(disk, file, chunks, 0);
    disk.sync(file);
  } finally {
    disk.close(file);
  }
}
