import type { Batch } from '../send/sender.js';
import { countItems } from './count-items.js';
import { cut } from './cut.js';

/** Upper bound of a request, before compression. Source: OTLP specification, 64 MiB recommended to servers. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Splits a batch into parts of at most `maxBytes`, each a batch of its own. It splits between chunks. A chunk above
 * `maxBytes` is split between its messages of one resource, and such a message between its items, which are then
 * copied instead of shared. A single item above `maxBytes` travels alone. The item counts of the parts add up to that
 * of the batch.
 */
export function split(
  batch: Batch,
  maxBytes: number,
  itemsOf: (chunk: Uint8Array) => number = (chunk) => countItems(batch.signal, chunk),
): readonly Batch[] {
  if (batch.bytes <= maxBytes) return [batch];
  const groups: Uint8Array[][] = [];
  let size = Infinity;
  for (const chunk of batch.chunks.flatMap((each) => cut(each, maxBytes))) {
    if (size + chunk.byteLength > maxBytes) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)!.push(chunk);
    size += chunk.byteLength;
  }
  if (groups.length === 1) return [batch];
  let left = batch.items;
  return groups.map((chunks, at) => {
    const counted = chunks.reduce((sum, chunk) => sum + itemsOf(chunk), 0);
    const items = at === groups.length - 1 ? left : Math.min(left, counted);
    left -= items;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    return { signal: batch.signal, items, bytes, chunks };
  });
}
