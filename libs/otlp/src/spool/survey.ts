import { dirname, join, sep } from 'node:path';
import { recovered } from './accounts.js';
import { restOf, addItems } from './items.js';
import { SegmentScanner } from './scanner.js';
import { openName, parseSegmentName, sealedName } from './segment-name.js';
import { newSegment, type Segment } from './segment.js';
import type { CursorFile } from './cursor.js';
import type { Disk } from './disk.js';
import type { Surroundings } from './surroundings.js';

/** The segments of a directory, oldest first, as far as their names tell. Reads none. */
export async function listSegments(
  disk: Disk,
  directory: string,
  { position }: CursorFile,
  nowMs: number,
): Promise<Segment[]> {
  const names: string[] = [];
  for (const { name, kind } of await disk.list(directory)) {
    if (kind === 'file' && /^\d/.test(name)) names.push(name);
  }
  const segments: Segment[] = [];
  // Names sort as they were begun.
  for (const name of names.toSorted()) {
    const facts = parseSegmentName(name);
    if (facts === undefined) continue;
    const segment = newSegment(facts.sequence, `${directory}${sep}${name}`, nowMs);
    segment.retired = true;
    segment.sealed = true;
    segment.measured = facts.kind === 'sealed';
    if (facts.sequence === position.sequence) {
      segment.offset = position.offset;
      addItems(segment.consumed, position.consumed);
    }
    if (facts.kind === 'sealed') {
      segment.bytes = facts.bytes;
      // A clock that was ahead then must not keep them for longer now.
      segment.firstMs = Math.min(facts.firstMs, nowMs);
      segment.lastMs = Math.min(facts.lastMs, nowMs);
      segment.items = { ...facts.items };
    }
    segments.push(segment);
  }
  return segments;
}

/** Counts what of a segment is still to be sent, once it is known what is in it. */
export function recover(segment: Segment, around: Surroundings): void {
  segment.left = restOf(segment.items, segment.consumed);
  segment.unread = { ...segment.left };
  around.counts.bytes += segment.bytes;
  recovered(around, segment.path, segment.left);
}

/** Learns from its headers what a segment holds whose writer died, and names it accordingly. */
export async function measure(segment: Segment, surroundings: Surroundings): Promise<void> {
  const { disk, unixMs } = surroundings;
  const { bytes } = await disk.stat(segment.path);
  const nowMs = unixMs();
  const times: number[] = [];
  const file = await disk.open(segment.path, 'read');
  try {
    const scanner = new SegmentScanner(disk, file, 0, false);
    for (;;) {
      const scanned = await scanner.next(bytes);
      if (scanned.kind === 'end') break;
      if (scanned.kind === 'corrupt') continue;
      const { signal, items, atMs } = scanned.header;
      segment.items[signal] += items;
      times[times.length === 0 ? 0 : 1] = Math.min(atMs, nowMs);
    }
  } finally {
    await disk.close(file);
  }
  segment.bytes = bytes;
  segment.firstMs = Math.max(0, times[0] ?? nowMs);
  segment.lastMs = Math.max(segment.firstMs, times.at(-1) ?? 0);
  segment.measured = true;
  recover(segment, surroundings);
  await nameSealed(disk, segment).catch(() => undefined);
}

/** From then on its name tells what is in it; `aheadMs`: of its times here, by the clock of who reads it later. */
export async function nameSealed(disk: Disk, segment: Segment, aheadMs = 0): Promise<void> {
  const path = sealedPath(segment, aheadMs);
  if (path === undefined) return;
  await disk.rename(segment.path, path);
  segment.path = path;
}

/** Undefined where it has that name already. */
function sealedPath(segment: Segment, aheadMs: number): string | undefined {
  if (!segment.path.endsWith(openName(segment.sequence))) return undefined;
  const [firstMs, lastMs] = [segment.firstMs + aheadMs, segment.lastMs + aheadMs];
  const times = { firstMs: Math.max(0, firstMs), lastMs: Math.max(0, lastMs) };
  return join(dirname(segment.path), sealedName({ ...segment, ...times }));
}
