import { createGunzip } from 'node:zlib';
import { readBody } from './body.js';
import type { Body } from './body.js';
import type { HeldBytes } from './receiver-limits.js';

const CHUNK_BYTES = 64 * 1024;

/** Undoes gzip and stops at `maxBytes`; `aborted` means that it is not gzip. */
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
