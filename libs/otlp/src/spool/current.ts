import { randomInt } from 'node:crypto';
import type { Batch } from '../send/sender.js';
import { appended } from './accounts.js';
import { writeAll } from './disk.js';
import { noItems } from './items.js';
import type { Journal } from './journal.js';
import {
  encodeRecordHeader,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from './record.js';
import type { Segment } from './segment.js';
import type { Surroundings } from './surroundings.js';
import { nameSealed } from './survey.js';

/** A segment with its file open for writing. */
export interface Current {
  readonly segment: Segment;
  readonly file: number;
  readonly salt: number;
  /** A write is under way: nobody else may write. */
  busy: boolean;
  /** Bytes that are known to be on the disk, the name of the file included. */
  synced: number;
}

export const recordBytes = (batch: Batch): number => RECORD_HEADER_BYTES + batch.bytes;

const newSalt = (): number => randomInt(1, 2 ** 32);

export async function begin(around: Surroundings, journal: Journal): Promise<Current> {
  const segment = journal.begin();
  const salt = newSalt();
  let file: number | undefined;
  try {
    file = await around.disk.open(segment.path, 'create');
    await writeAll(around.disk, file, [encodeSegmentHeader(segment.sequence, salt)], 0);
    return begun(around, segment, file, salt);
  } catch (error) {
    if (file !== undefined) await around.disk.close(file).catch(() => undefined);
    journal.abandon(segment);
    throw error;
  }
}

function begun(around: Surroundings, segment: Segment, file: number, salt: number): Current {
  segment.bytes = SEGMENT_HEADER_BYTES;
  around.counts.bytes += SEGMENT_HEADER_BYTES;
  return { segment, file, salt, busy: false, synced: 0 };
}

/** Headers and bodies as they go into the file. */
export function encode(
  around: Surroundings,
  salt: number,
  batches: readonly Batch[],
): Uint8Array[] {
  const atMs = around.stampMs();
  return batches.flatMap((batch) => [encodeRecordHeader(batch, atMs, salt), ...batch.chunks]);
}

/** They are in the file; until now nobody could read them. */
export function commit(
  around: Surroundings,
  { segment }: Current,
  batches: readonly Batch[],
): void {
  const items = noItems();
  let bytes = 0;
  for (const batch of batches) {
    items[batch.signal] += batch.items;
    bytes += recordBytes(batch);
  }
  segment.lastMs = around.unixMs();
  segment.bytes += bytes;
  around.counts.bytes += bytes;
  appended(around, segment, items);
}

/** With its name: a file that no directory lists after a crash is lost. */
export async function sync(
  around: Surroundings,
  journal: Journal,
  current: Current,
): Promise<void> {
  const { bytes } = current.segment;
  try {
    await around.disk.sync(current.file);
    if (current.synced === 0) await journal.syncNames();
  } catch (error) {
    current.segment.unsure ||= bytes > current.synced;
    throw error;
  }
  current.synced = bytes;
}

/** Takes back what a failed write left. What cannot be taken back is skipped when it is read. */
export async function rollBack(around: Surroundings, current: Current): Promise<void> {
  await around.disk.truncate(current.file, current.segment.bytes).catch(() => undefined);
}

/** How far the wall clock went on by itself since the spool was opened. */
const aheadMs = ({ stampMs, unixMs }: Surroundings): number => stampMs() - unixMs();

/** Nothing more is written to it. Throws what the sync throws; the rest is only a name. */
export async function seal(
  around: Surroundings,
  journal: Journal,
  current: Current,
): Promise<void> {
  const { segment } = current;
  try {
    if (!segment.gone && current.synced < segment.bytes) await sync(around, journal, current);
  } finally {
    if (!segment.gone)
      await nameSealed(around.disk, segment, aheadMs(around)).catch(() => undefined);
    await around.disk.close(current.file).catch(() => undefined);
    segment.sealed = true;
  }
}
