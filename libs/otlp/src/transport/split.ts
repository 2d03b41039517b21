import type { Batch } from '../send/sender.js';
import { countItems } from './count-items.js';

/** What requests are kept to: the collector's gRPC receiver takes no more by default. */
export const TARGET_REQUEST_BYTES = 4 * 1024 * 1024;
/** Never passed, before compression. Source: OTLP specification, 64 MiB recommended to servers. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Parts of at most `maxBytes`, each a batch of its own; the chunks are shared, not copied. A chunk is never cut: one
 * above `maxBytes` travels alone, and a sender refuses it as `too_large` above {@link MAX_REQUEST_BYTES}. Their
 * items sum up to those of the batch.
 */
export function split(
  batch: Batch,
  maxBytes = TARGET_REQUEST_BYTES,
  itemsOf: (chunk: Uint8Array) => number = (chunk) => countItems(batch.signal, chunk),
): readonly Batch[] {
  if (batch.bytes <= maxBytes || batch.chunks.length <= 1) return [batch];
  const groups: Uint8Array[][] = [];
  let size = Infinity;
  for (const chunk of batch.chunks) {
    if (size + chunk.byteLength > maxBytes) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)!.push(chunk);
    size += chunk.byteLength;
  }
  let left = batch.items;
  return groups.map((chunks, at) => {
    const counted = chunks.reduce((sum, chunk) => sum + itemsOf(chunk), 0);
    const items = at === groups.length - 1 ? left : Math.min(left, counted);
    left -= items;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    return { signal: batch.signal, items, bytes, chunks };
  });
}
