import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Batch } from '../send/sender.js';
import { codeOf, writeAll, writeAllSync, type BlockingDisk, type Disk } from './disk.js';
import { newHomeName } from './homes.js';
import { noItems, type Items } from './items.js';
import { freePath, lockDirectory, lockPath, type Lock } from './lock.js';
import { nodeDisk, nodeDiskSync } from './node-disk.js';
import { thisOwner } from './owner.js';
import { encodeRecordHeader, encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './record.js';
import { openName, sealedName } from './segment-name.js';

export type Dumped =
  | { readonly kind: 'spooled'; readonly items: Items; readonly bytes: number }
  | { readonly kind: 'failed'; readonly code: string };

/** A dump that is under way. Neither rejects. */
export interface Dumping {
  /** The operating system has all of it: the end of the process does not take it away. */
  readonly written: Promise<Dumped>;
  /** The disk has it too, as far as it can, and others may take it. */
  readonly sealed: Promise<void>;
}

/** No sync begins later than this after the start: what the operating system has outlives the process. */
const SYNC_WITHIN_MS = 500;

/**
 * Writes batches to a directory of spools when the one who holds the spool cannot: from the main thread of a process
 * that is about to end, while a worker owns the spool. Waits for the disk, but for no sync once 500 ms are over. Needs
 * no open spool; the next one to open there, or one that is open, takes it over. Never throws. `directory` as in
 * `openSpool`; its caps do not count here. `nowMs` never goes back.
 */
export function dumpSync(
  directory: string,
  batches: readonly Batch[],
  disk: BlockingDisk = nodeDiskSync,
  nowMs: () => number = () => performance.now(),
): Dumped {
  const { home, lock, open, sealed, chunks, items, bytes } = planned(directory, batches);
  const untilMs = nowMs() + SYNC_WITHIN_MS;
  const sync = (run: () => void): void => {
    if (nowMs() < untilMs) run();
  };
  try {
    disk.makeDirectory(lock.directory);
    // Ours until it is whole. If we do not get that far, whoever finds it reads as much as there is.
    writeSync(disk, lockPath(lock), [ownerText()]);
    writeSync(disk, open, chunks, (file) => sync(() => disk.sync(file)));
    disk.rename(open, sealed);
    disk.rename(lockPath(lock), freePath(lock));
    sync(() => disk.syncDirectory(home));
    sync(() => disk.syncDirectory(directory));
    return { kind: 'spooled', items, bytes };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

/**
 * The same without waiting in the event loop, since nothing ends a call to a disk that hangs. What is written when
 * `signal` has aborted is taken back: whoever waited for it counts it as lost.
 */
export function dump(
  directory: string,
  batches: readonly Batch[],
  signal: AbortSignal,
  disk: Disk = nodeDisk,
): Dumping {
  const segment = planned(directory, batches);
  const { items, bytes } = segment;
  const writing = write(segment, signal, disk);
  return {
    written: writing.then(
      () => ({ kind: 'spooled', items, bytes }),
      (error: unknown) => ({ kind: 'failed', code: codeOf(error) }),
    ),
    sealed: writing.then((file) => seal(segment, file, disk)).catch(() => undefined),
  };
}

interface Segment {
  readonly directory: string;
  readonly home: string;
  readonly lock: Lock;
  /** Its file, while it is written and after. */
  readonly open: string;
  readonly sealed: string;
  readonly chunks: readonly Uint8Array[];
  readonly items: Items;
  readonly bytes: number;
}

function planned(directory: string, batches: readonly Batch[]): Segment {
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
  const sealed = join(home, sealedName(facts));
  const chunks = [encodeSegmentHeader(1, salt), ...records];
  return { directory, home, lock, open, sealed, chunks, items, bytes };
}

const ownerText = (): Uint8Array => Buffer.from(JSON.stringify(thisOwner()));

function writeSync(
  disk: BlockingDisk,
  path: string,
  chunks: readonly Uint8Array[],
  written: (file: number) => void = () => {},
): void {
  const file = disk.open(path, 'create');
  try {
    writeAllSync(disk, file, chunks, 0);
    written(file);
  } finally {
    disk.close(file);
  }
}

/** Answers the open file. Throws what the disk throws, and where it is too late. */
async function write(
  { lock, open, chunks }: Segment,
  signal: AbortSignal,
  disk: Disk,
): Promise<number> {
  await disk.makeDirectory(lock.directory);
  const file = await disk.open(lockPath(lock), 'create');
  await writeAll(disk, file, [ownerText()], 0).finally(() => disk.close(file));
  signal.throwIfAborted();
  const segment = await disk.open(open, 'create');
  try {
    await writeAll(disk, segment, chunks, 0);
    signal.throwIfAborted();
    return segment;
  } catch (error) {
    await disk.close(segment);
    await disk.remove(open);
    throw error;
  }
}

async function seal(
  { directory, home, lock, open, sealed }: Segment,
  file: number,
  disk: Disk,
): Promise<void> {
  await disk.sync(file).finally(() => disk.close(file));
  await disk.rename(open, sealed);
  await disk.rename(lockPath(lock), freePath(lock));
  await disk.syncDirectory(home);
  await disk.syncDirectory(directory);
}
