/** Longer texts are rarely repeated. */
const MAX_BYTES = 64;
const SLOTS = 4096;

/**
 * Short ASCII texts that were read before, so that attribute keys, methods and routes are one string each, however
 * often they occur. A slot holds the last text of its hash. The table never holds more than 256 KiB of text.
 */
const slots: string[] = Array.from({ length: SLOTS }, () => '');

/** The text of `bytes` from `start` to `end` if it is short ASCII, else undefined. */
export function shortText(bytes: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length > MAX_BYTES || length === 0) return undefined;
  // Names differ at their ends and in length. Equal hashes of different texts only cost a miss.
  let hash = length + 31 * bytes[start]! + 961 * bytes[start + (length >> 1)]!;
  for (let at = Math.max(start, end - 4); at < end; at++) hash = Math.imul(hash, 31) + bytes[at]!;
  const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
  const known = slots[slot]!;
  if (known.length === length && isText(bytes, start, known)) return known;
  if (!isAscii(bytes, start, end)) return undefined;
  const text = bytes.toString('latin1', start, end);
  slots[slot] = text;
  return text;
}

function isText(bytes: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (bytes[start + at] !== text.charCodeAt(at)) return false;
  }
  return true;
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let all = 0;
  for (let at = start; at < end; at++) all |= bytes[at]!;
  return all < 0x80;
}
