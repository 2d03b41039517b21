import { createGzip, createZstdCompress, gunzip, zstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';

/** How the body of a request is compressed; `identity`: not at all. */
export type Encoding = 'identity' | 'gzip' | 'zstd';

/** The body that is sent: chunks in their order, and their encoding. */
export interface Encoded {
  readonly encoding: Encoding;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

/** A fast level: the collector is near, and telemetry is repetitive. */
const GZIP_LEVEL = 1;
const OUT_CHUNK_BYTES = 64 * 1024;

/**
 * Compresses on libuv's threads, so that the loop does not wait. Reads the chunks in place, also from shared memory.
 * Settles soon after `signal` aborts, with an incomplete result. Rejects only for lack of memory.
 */
export function compress(
  chunks: readonly Uint8Array[],
  encoding: 'gzip' | 'zstd',
  signal: AbortSignal,
): Promise<Encoded> {
  const stream: Transform =
    encoding === 'gzip'
      ? createGzip({ level: GZIP_LEVEL, chunkSize: OUT_CHUNK_BYTES })
      : createZstdCompress({ chunkSize: OUT_CHUNK_BYTES });
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    let bytes = 0;
    function onAbort(): void {
      void stream.destroy();
    }
    signal.addEventListener('abort', onAbort);
    stream.on('data', (chunk: Buffer) => {
      out.push(chunk);
      bytes += chunk.length;
    });
    stream.once('error', reject);
    stream.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve({ encoding, chunks: out, bytes });
    });
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  });
}

type Decompressed =
  | { readonly kind: 'complete'; readonly bytes: Uint8Array }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'malformed' };

/** Decompresses `encoding`, at most `maxBytes`. */
export function decompress(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
): Promise<Decompressed> {
  if (encoding === 'identity' || encoding === '')
    return Promise.resolve({ kind: 'complete', bytes });
  if (encoding !== 'gzip' && encoding !== 'zstd') return Promise.resolve({ kind: 'malformed' });
  return new Promise((resolve) => {
    function settle(error: Error | null, out: Uint8Array): void {
      if (error === null) return resolve({ kind: 'complete', bytes: out });
      const isLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
      resolve({ kind: isLarge ? 'too_large' : 'malformed' });
    }
    const limit = { maxOutputLength: maxBytes };
    if (encoding === 'gzip') gunzip(bytes, limit, settle);
    else zstdDecompress(bytes, limit, settle);
  });
}
