import { createGzip, createZstdCompress, gunzip, zstdDecompress } from 'node:zlib';
import type { Transform } from 'node:stream';

/** How the body of a request is compressed; `identity`: not at all. */
export type Encoding = 'identity' | 'gzip' | 'zstd';

/** What travels: chunks in their order, and how they were encoded. */
export interface Encoded {
  readonly encoding: Encoding;
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

/** Fast over small: the collector is near and telemetry repeats itself. */
const GZIP_LEVEL = 1;
const OUT_CHUNK_BYTES = 64 * 1024;

/**
 * Compresses on libuv's threads, so that no loop waits for it; reads the chunks where they are, also shared memory.
 * Settles soon after `signal` aborts, with what is then not complete; rejects for nothing but lack of memory.
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
    const onAbort = (): void => void stream.destroy();
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

export type Decompressed =
  | { readonly kind: 'complete'; readonly bytes: Uint8Array }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'malformed' };

/** Undoes `encoding`, at most `maxBytes`. */
export function decompress(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
): Promise<Decompressed> {
  if (encoding === 'identity' || encoding === '')
    return Promise.resolve({ kind: 'complete', bytes });
  if (encoding !== 'gzip' && encoding !== 'zstd') return Promise.resolve({ kind: 'malformed' });
  return new Promise((resolve) => {
    const settle = (error: Error | null, out: Uint8Array): void => {
      if (error === null) return resolve({ kind: 'complete', bytes: out });
      const isLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
      resolve({ kind: isLarge ? 'too_large' : 'malformed' });
    };
    const limit = { maxOutputLength: maxBytes };
    if (encoding === 'gzip') gunzip(bytes, limit, settle);
    else zstdDecompress(bytes, limit, settle);
  });
}
