import type { Batch } from '../send/sender.js';
import { ProtobufReader } from '../wire/protobuf-reader.js';
import { countItems } from './count-items.js';

/** Never passed, before compression. Source: OTLP specification, 64 MiB recommended to servers. */
export const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Parts of at most `maxBytes`, each a batch of its own; bytes are shared, not copied. Cut is between chunks, and where
 * one chunk is above `maxBytes` between its messages of one resource; one such message above it travels alone. Their
 * items sum up to those of the batch.
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

/** The messages in a chunk that is above `maxBytes`: requests are their messages, one after the other. */
function cut(chunk: Uint8Array, maxBytes: number): readonly Uint8Array[] {
  if (chunk.byteLength <= maxBytes) return [chunk];
  const messages: Uint8Array[] = [];
  try {
    const reader = new ProtobufReader(chunk);
    for (let from = 0; reader.next(); from = reader.position) {
      reader.skip();
      messages.push(chunk.subarray(from, reader.position));
    }
  } catch {
    return [chunk];
  }
  return messages;
}
