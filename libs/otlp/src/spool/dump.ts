import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Batch } from '../send/sender.js';
import {
  codeOf,
  nodeDisk,
  nodeDiskSync,
  writeAll,
  writeAllSync,
  type BlockingDisk,
  type Disk,
} from './disk.js';
import { type ItemCounts, noItems } from '../send/item-counts.js';
import {
  freePath,
  isContended,
  lockDirectory,
  lockPath,
  newDirectoryName,
  thisOwner,
  type Lock,
} from './ownership.js';
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  openName,
  sealedName,
  SEGMENT_HEADER_BYTES,
  type SegmentFacts,
} from './segment-format.js';

type Dumped =
  | { readonly kind: 'spooled'; readonly items: ItemCounts; readonly bytes: number }
  | { readonly kind: 'failed'; readonly code: string };

/** A dump that is under way. Neither promise rejects. */
interface Dumping {
  /** The operating system has all of it: it outlasts the end of the process. */
  readonly written: Promise<Dumped>;
  /** The disk has it too, unless it refused, and others may take it over. */
  readonly sealed: Promise<void>;
}

/** No fsync begins later than this after the start: bytes that the operating system has outlast the process. */
const FSYNC_WITHIN_MS = 500;

/**
 * Writes batches to the directory of a spool when the spool's owner cannot: from the main thread of a process that is
 * about to end, while a worker owns the spool. Waits for the disk, but for no fsync once 500 ms are over. Needs no open
 * spool: one that is open there, or opens next, takes the batches over. Never throws. `directory` is that of
 * `openSpool`, whose caps do not count here. `nowMs` never goes back.
 */
export function dumpSync(
  directory: string,
  batches: readonly Batch[],
  disk: BlockingDisk = nodeDiskSync,
  nowMs: () => number = () => performance.now(),
): Dumped {
  const content = encoded(batches);
  const untilMs = nowMs() + FSYNC_WITHIN_MS;
  function fsync(run: () => void): void {
    if (nowMs() < untilMs) run();
  }
  try {
    // This process owns the directory until the dump is whole. If it ends before, the next owner reads as much as
    // there is.
    const { own, lock, open, sealed } = takePlaceSync(directory, content, disk);
    writeSync(disk, open, content.chunks, (file) => fsync(() => disk.fsync(file)));
    disk.rename(open, sealed);
    disk.rename(lockPath(lock), freePath(lock));
    fsync(() => disk.fsyncDirectory(own));
    fsync(() => disk.fsyncDirectory(directory));
    return { kind: 'spooled', items: content.items, bytes: content.bytes };
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) };
  }
}

/**
 * Writes batches as `dumpSync` does, without waiting in the event loop, since nothing ends a call to a disk that hangs.
 * Takes back bytes that are written after `signal` has aborted: whoever waited for them counts them as lost.
 */
export function dump(
  directory: string,
  batches: readonly Batch[],
  signal: AbortSignal,
  disk: Disk = nodeDisk,
): Dumping {
  const content = encoded(batches);
  const { items, bytes } = content;
  const writing = write(directory, content, signal, disk);
  return {
    written: writing.then(
      () => ({ kind: 'spooled', items, bytes }),
      (error: unknown) => ({ kind: 'failed', code: codeOf(error) }),
    ),
    sealed: writing.then((written) => seal(directory, written, disk)).catch(() => undefined),
  };
}

/** One segment with all batches, and the facts in its name. */
interface Content extends SegmentFacts {
  readonly chunks: readonly Uint8Array[];
}

function encoded(batches: readonly Batch[]): Content {
  const nowMs = Date.now();
  const salt = randomInt(1, 2 ** 32);
  const items = noItems();
  const records = batches.flatMap((batch) => {
    items[batch.signal] += batch.items;
    return [encodeRecordHeader(batch, nowMs, salt), ...batch.chunks];
  });
  const bytes = records.reduce((sum, chunk) => sum + chunk.byteLength, SEGMENT_HEADER_BYTES);
  const chunks = [encodeSegmentHeader(1, salt), ...records];
  return { sequence: 1, firstMs: nowMs, lastMs: nowMs, bytes, items, chunks };
}

interface Place {
  readonly own: string;
  readonly lock: Lock;
  /** The path of the segment while it is written, and after. */
  readonly open: string;
  readonly sealed: string;
}

function newPlace(directory: string, facts: SegmentFacts): Place {
  const own = join(directory, newDirectoryName(facts.firstMs));
  return {
    own,
    lock: { directory: lockDirectory(own), number: 1 },
    open: join(own, openName(1)),
    sealed: join(own, sealedName(facts)),
  };
}

function takePlaceSync(directory: string, facts: SegmentFacts, disk: BlockingDisk): Place {
  for (let tries = 1; ; tries += 1) {
    const place = newPlace(directory, facts);
    try {
      disk.makeDirectory(place.lock.directory);
      writeSync(disk, lockPath(place.lock), [ownerText()]);
      return place;
    } catch (error) {
      if (!isContended(error, tries)) throw error;
    }
  }
}

async function takePlace(directory: string, facts: SegmentFacts, disk: Disk): Promise<Place> {
  for (let tries = 1; ; tries += 1) {
    const place = newPlace(directory, facts);
    try {
      await disk.makeDirectory(place.lock.directory);
      const file = await disk.open(lockPath(place.lock), 'create');
      await writeAll(disk, file, [ownerText()], 0).finally(() => disk.close(file));
      return place;
    } catch (error) {
      if (!isContended(error, tries)) throw error;
    }
  }
}

function ownerText(): Uint8Array {
  return Buffer.from(JSON.stringify(thisOwner()));
}

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

interface Written {
  readonly place: Place;
  /** The handle while the segment is open. */
  readonly file: number;
}

/** Throws the errors of the disk. It also throws once `signal` has aborted. */
async function write(
  directory: string,
  content: Content,
  signal: AbortSignal,
  disk: Disk,
): Promise<Written> {
  const place = await takePlace(directory, content, disk);
  signal.throwIfAborted();
  const file = await disk.open(place.open, 'create');
  try {
    await writeAll(disk, file, content.chunks, 0);
    signal.throwIfAborted();
    return { place, file };
  } catch (error) {
    await disk.close(file);
    await disk.remove(place.open);
    throw error;
  }
}

async function seal(directory: string, { place, file }: Written, disk: Disk): Promise<void> {
  const { own, lock, open, sealed } = place;
  await disk.fsync(file).finally(() => disk.close(file));
  await disk.rename(open, sealed);
  await disk.rename(lockPath(lock), freePath(lock));
  await disk.fsyncDirectory(own);
  await disk.fsyncDirectory(directory);
}
