import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { HeldBytes } from './receiver-limits.js';

/** `too_large`, `overloaded` and `too_slow` leave the rest unread. The caller decides what happens to the stream. */
export type Body =
  | { readonly kind: 'complete'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'too_slow' }
  | { readonly kind: 'aborted' };

/** Reads to the end of `source`, at most `maxBytes`. The caller releases the bytes of a complete body. */
export function readBody(
  source: Readable,
  maxBytes: number,
  timeoutMs: number,
  held: HeldBytes,
): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    function settle(body: Body): void {
      clearTimeout(timer);
      source.off('data', onData);
      source.off('end', onEnd);
      source.off('error', onAbort);
      source.off('close', onAbort);
      source.off('aborted', onAbort);
      if (body.kind !== 'complete') held.give(size);
      resolve(body);
    }
    function onData(chunk: Buffer): void {
      if (size + chunk.length > maxBytes) return settle({ kind: 'too_large' });
      if (!held.take(chunk.length)) return settle({ kind: 'overloaded' });
      size += chunk.length;
      chunks.push(chunk);
    }
    function onEnd(): void {
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
      settle({ kind: 'complete', bytes });
    }
    function onAbort(): void {
      settle({ kind: 'aborted' });
    }
    const timer = setTimeout(() => settle({ kind: 'too_slow' }), timeoutMs);
    timer.unref();
    source.on('data', onData);
    source.on('end', onEnd);
    source.on('error', onAbort);
    source.on('close', onAbort);
    // An HTTP/2 stream whose connection was cut also ends normally, after this event.
    source.on('aborted', onAbort);
  });
}

const CHUNK_BYTES = 64 * 1024;

/** Decompresses gzip, and stops at `maxBytes`. `aborted`: the bytes are not gzip. */
export async function gunzipBounded(
  compressed: Uint8Array,
  maxBytes: number,
  timeoutMs: number,
  held: HeldBytes,
): Promise<Body> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const body = readBody(gunzip, maxBytes, timeoutMs, held);
  gunzip.end(compressed);
  try {
    return await body;
  } finally {
    gunzip.on('error', () => {});
    gunzip.destroy();
  }
}
