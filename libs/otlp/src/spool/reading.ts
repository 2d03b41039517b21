import { answered, drained, handed, lost, read, revoked } from './accounts.js';
import { codeOf } from './disk.js';
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import { SegmentScanner, type Scanned } from './scanner.js';
import type { Entry, Segment } from './segment.js';
import type { Surroundings } from './surroundings.js';
import { measure } from './survey.js';

const GIVE_UP_AFTER = 3;
const NOTHING = new Uint8Array(0);

/** The next record of a segment that is worth sending. Undefined at its end, and where the disk gives none now. */
export async function readNext(around: Surroundings, segment: Segment): Promise<Entry | undefined> {
  // Perhaps not even made yet.
  if (!segment.sealed && segment.bytes <= SEGMENT_HEADER_BYTES) return undefined;
  try {
    if (!segment.measured) await measure(segment, around);
    while (!segment.gone && !segment.drained) {
      const { sealed } = segment;
      const { scanner } = (segment.reading ??= await openReading(around, segment));
      const start = scanner.offset;
      const scanned = await scanner.next(segment.bytes);
      segment.failures = 0;
      // Evicted while we read.
      if (segment.gone) break;
      if (scanned.kind === 'end') {
        if (sealed) drained(around, segment);
        break;
      }
      const entry = entryOf(segment, scanned, start, scanner.offset);
      read(around, entry);
      if (scanned.kind === 'corrupt') lost(around, entry, 'corrupt', scanned.bytes);
      else if (isExpired(around, entry)) lost(around, entry, 'expired', entry.body.byteLength);
      else return entry;
    }
  } catch (error) {
    readFailed(around, segment, error);
  } finally {
    if (segment.gone || segment.drained) closeReading(around, segment);
  }
  return undefined;
}

/** Hands out one that came back, with its body. False where the disk does not give it now, or it is lost. */
export async function readAgain(around: Surroundings, entry: Entry): Promise<boolean> {
  const { segment } = handed(around, entry);
  try {
    const { file } = (segment.reading ??= await openReading(around, segment));
    const scanner = new SegmentScanner(around.disk, file, entry.start, true);
    const scanned = await scanner.next(entry.end);
    segment.failures = 0;
    if (scanned.kind === 'record') {
      entry.body = scanned.body;
      return true;
    }
    if (segment.gone) answered(around, entry, 'untried');
    else revoked(around, entry);
  } catch (error) {
    if (readFailed(around, segment, error) && !segment.gone) revoked(around, entry);
    else answered(around, entry, 'untried');
  } finally {
    if (segment.gone || segment.drained) closeReading(around, segment);
  }
  return false;
}

/** Learns what a crash left. What the disk throws counts against the segment. */
export async function measureOrFail(around: Surroundings, segment: Segment): Promise<void> {
  if (segment.measured || segment.gone) return;
  try {
    await measure(segment, around);
  } catch (error) {
    readFailed(around, segment, error);
  }
}

export function closeReading({ disk }: Surroundings, segment: Segment): void {
  const { reading } = segment;
  segment.reading = undefined;
  if (reading !== undefined) disk.close(reading.file).catch(() => undefined);
}

function entryOf(
  segment: Segment,
  scanned: Exclude<Scanned, { kind: 'end' }>,
  start: number,
  end: number,
): Entry {
  const { header } = scanned;
  return {
    segment,
    signal: header?.signal,
    items: header?.signal === undefined ? 0 : header.items,
    start: scanned.kind === 'record' ? end - RECORD_HEADER_BYTES - scanned.body.byteLength : start,
    end,
    body: scanned.kind === 'record' ? scanned.body : NOTHING,
    // A clock that jumped shows in the stamp, not in the times of the segment. And one that was ahead then must not keep
    // it for longer now.
    atMs: Math.min(Math.max(header?.atMs ?? 0, segment.firstMs), segment.lastMs),
    state: 'lost',
    inherited: header?.isDoubtful === true,
    doubtful: false,
    returns: 0,
    pardons: 0,
    notBeforeMs: 0,
  };
}

const isExpired = ({ unixMs, options }: Surroundings, entry: Entry): boolean =>
  unixMs() - entry.atMs > options.maxAgeMs;

async function openReading(
  { disk }: Surroundings,
  segment: Segment,
): Promise<NonNullable<Segment['reading']>> {
  for (;;) {
    const { path } = segment;
    try {
      const file = await disk.open(path, 'read');
      return { file, scanner: new SegmentScanner(disk, file, segment.offset, true) };
    } catch (error) {
      // Its writer gave it its last name meanwhile.
      if (codeOf(error) !== 'ENOENT' || path === segment.path) throw error;
    }
  }
}

/** A disk that is busy is asked again; one that cannot read a file, or has lost it, loses us that file: then true. */
function readFailed(around: Surroundings, segment: Segment, error: unknown): boolean {
  segment.failures += 1;
  const code = codeOf(error);
  const hopeless = code === 'ENOENT' || code === 'ELOOP' || code === 'EISDIR';
  if (!hopeless && (code !== 'EIO' || segment.failures < GIVE_UP_AFTER)) return false;
  segment.measured = true;
  around.counts.corruptBytes += Math.max(0, segment.bytes - segment.offset);
  drained(around, segment);
  return true;
}
