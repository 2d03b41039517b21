import type { Cursor } from './cursor.js';
import type { SpanIdentity } from './span-identity.js';

/** Value of each hex digit by its character code. Other characters count as 0. */
const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) {
  const letter = digit.toString(16);
  DIGITS[letter.charCodeAt(0)] = digit;
  DIGITS[letter.toUpperCase().charCodeAt(0)] = digit;
}

/** Longer ids than a trace id are not ids. */
const MAX_BYTES = 64;

/** Writes a bytes field with the bytes of a hex id. Writes nothing for a value that is not a string. */
export function writeHex(cursor: Cursor, tag: number, hex: string): void {
  if (typeof hex !== 'string') return;
  const count = Math.min(hex.length >> 1, MAX_BYTES);
  if (!cursor.fits(count + 2)) return;
  const bytes = cursor.bytes;
  let at = cursor.at;
  bytes[at++] = tag;
  bytes[at++] = count;
  for (let index = 0; index < count; index++) {
    const high = DIGITS[hex.charCodeAt(index * 2) & 127]!;
    bytes[at++] = (high << 4) | DIGITS[hex.charCodeAt(index * 2 + 1) & 127]!;
  }
  cursor.at = at;
}

/** The trace id that was written last: the spans of one trace often end together. */
let lastTraceId = '';
const lastWords = new Int32Array(4);

/** {@link writeHex} for the id of a trace. */
export function writeTraceId(cursor: Cursor, tag: number, traceId: string): void {
  if (!cursor.fits(18)) return;
  const { at, view } = cursor;
  if (traceId !== lastTraceId) {
    writeHex(cursor, tag, traceId);
    if (cursor.at !== at + 18) return;
    for (let word = 0; word < 4; word++) {
      lastWords[word] = view.getInt32(at + 2 + word * 4, true);
    }
    lastTraceId = traceId;
    return;
  }
  cursor.byte(tag);
  cursor.byte(16);
  for (let word = 0; word < 4; word++) {
    view.setInt32(cursor.at + word * 4, lastWords[word]!, true);
  }
  cursor.at += 16;
}

/** Writes the IDs of a trace and a span into fields 1 and 2. */
export function writeIdentity(cursor: Cursor, identity: SpanIdentity): void {
  const { trace } = identity;
  if (!trace.hasWords) writeTraceId(cursor, 0x0a, trace.text);
  else if (cursor.fits(18)) {
    const { at, view } = cursor;
    cursor.byte(0x0a);
    cursor.byte(16);
    view.setInt32(at + 2, trace.first);
    view.setInt32(at + 6, trace.second);
    view.setInt32(at + 10, trace.third);
    view.setInt32(at + 14, trace.fourth);
    cursor.at = at + 18;
  }
  writeSpanId(cursor, 0x12, identity);
}

/** Writes the ID of a span, or that of the span above it. */
export function writeSpanId(cursor: Cursor, tag: number, identity: SpanIdentity): void {
  if (!identity.hasWords) {
    writeHex(cursor, tag, identity.text);
    return;
  }
  if (!cursor.fits(10)) return;
  const { at, view } = cursor;
  cursor.byte(tag);
  cursor.byte(8);
  view.setInt32(at + 2, identity.high);
  view.setInt32(at + 6, identity.low);
  cursor.at = at + 10;
}
