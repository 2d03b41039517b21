const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const path = [RESOURCE_SPANS, SCOPE_SPANS, SPANS];

/**
 * Counts the spans of an ExportTraceServiceRequest and skips all other fields. Throws if the bytes are no such
 * request.
 */
export function countSpans(request: Uint8Array): number {
  return countAt(request, 0, request.length, 0);
}

function countAt(bytes: Uint8Array, from: number, to: number, depth: number): number {
  let count = 0;
  let at = from;
  while (at < to) {
    const tag = bytes[at++] ?? 0;
    if ((tag & 7) !== 2) throw new Error(`tag ${tag} at ${at - 1}`);
    let length = 0;
    for (let shift = 0, byte = 128; byte > 127; shift += 7) {
      byte = bytes[at++] ?? 0;
      length += (byte & 127) * 2 ** shift;
    }
    if (at + length > to) throw new Error(`length ${length} at ${at}`);
    if (tag >> 3 === path[depth]) {
      count += depth === path.length - 1 ? 1 : countAt(bytes, at, at + length, depth + 1);
    }
    at += length;
  }
  return count;
}
