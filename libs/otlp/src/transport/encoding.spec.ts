import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { patience } from './fixtures/batches.js';
import { EncodingChoice } from './encoding-choice.js';
import { compress, decompress } from './encoding.js';

describe('compress', () => {
  it.each([
    ['gzip', gunzipSync],
    ['zstd', zstdDecompressSync],
  ] as const)('compresses chunks in shared memory with %s', async (encoding, undo) => {
    const chunks = Array.from({ length: 5 }, (_, at) =>
      new Uint8Array(new SharedArrayBuffer(200_000)).fill(at),
    );
    const encoded = await compress(chunks, encoding, patience());
    expect(encoded.bytes).toBe(encoded.chunks.reduce((sum, each) => sum + each.byteLength, 0));
    expect(undo(Buffer.concat(encoded.chunks)).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('ends when the signal aborts', async () => {
    const attempt = new AbortController();
    const encoded = compress([Buffer.alloc(50_000_000)], 'gzip', attempt.signal);
    attempt.abort();
    expect((await encoded).bytes).toBeLessThan(1000);
  });
});

describe('decompress', () => {
  const plain = Buffer.alloc(5_000_000);

  it('decompresses known encodings within the limit', async () => {
    const bytes = Buffer.from('x');
    expect(await decompress(bytes, '', 1)).toEqual({ kind: 'complete', bytes });
    expect(await decompress(gzipSync(bytes), 'gzip', 10)).toEqual({ kind: 'complete', bytes });
    expect(await decompress(zstdCompressSync(bytes), 'zstd', 10)).toEqual({
      kind: 'complete',
      bytes,
    });
  });

  it('stops at the limit, and at damaged data', async () => {
    expect(await decompress(gzipSync(plain), 'gzip', 4_000_000)).toEqual({ kind: 'too_large' });
    expect(await decompress(zstdCompressSync(plain), 'zstd', 4_000_000)).toEqual({
      kind: 'too_large',
    });
    expect(await decompress(Buffer.from('x'), 'gzip', 10)).toEqual({ kind: 'malformed' });
    expect(await decompress(Buffer.from('x'), 'br', 10)).toEqual({ kind: 'malformed' });
  });
});

describe('EncodingChoice', () => {
  const UNIMPLEMENTED = { reason: 'UNIMPLEMENTED', message: 'Decompressor is not installed' };
  let warnings: string[];
  function choice(wanted: 'identity' | 'gzip' | 'zstd'): EncodingChoice {
    return new EncodingChoice(wanted, (code) => void warnings.push(code));
  }
  beforeEach(() => (warnings = []));

  it('sends one request with zstd first, and uses zstd for all once that is accepted', () => {
    const encodings = choice('zstd');
    expect([encodings.pick(), encodings.pick(), encodings.pick()]).toEqual([
      'zstd',
      'gzip',
      'gzip',
    ]);
    encodings.took('gzip');
    expect(encodings.pick()).toBe('gzip');
    encodings.took('zstd');
    expect([encodings.pick(), encodings.pick()]).toEqual(['zstd', 'zstd']);
  });

  it('tries zstd again if its first request got no answer', () => {
    const encodings = choice('zstd');
    expect([encodings.pick(), encodings.pick()]).toEqual(['zstd', 'gzip']);
    encodings.untold('zstd');
    expect(encodings.pick()).toBe('zstd');
  });

  it('remembers a refusal once the other encoding was accepted', () => {
    const encodings = choice('zstd');
    encodings.pick();
    expect(encodings.fallback('zstd', UNIMPLEMENTED)).toBe('gzip');
    encodings.took('gzip', ['zstd']);
    encodings.untold('zstd');
    expect([encodings.pick(), warnings]).toEqual(['gzip', ['encoding_refused']]);
  });

  it('keeps gzip if the refusal may have been for zstd', () => {
    const encodings = choice('zstd');
    encodings.pick();
    encodings.took('identity', ['zstd', 'gzip']);
    expect(encodings.pick()).toBe('gzip');
    encodings.took('identity', ['gzip']);
    expect(encodings.pick()).toBe('identity');
  });

  it('uses no compression if gzip is refused too', () => {
    const encodings = choice('gzip');
    expect(encodings.fallback('gzip', { reason: '415', message: '' })).toBe('identity');
    encodings.took('identity', ['gzip']);
    expect(encodings.pick()).toBe('identity');
  });

  it('falls back from zstd after a bad request only while zstd is not confirmed, and from gzip only if the server names it', () => {
    const bad = { reason: '400', message: 'bad' };
    const encodings = choice('zstd');
    encodings.pick();
    expect(encodings.fallback('zstd', bad)).toBe('gzip');
    expect(encodings.fallback('gzip', bad)).toBeUndefined();
    expect(
      encodings.fallback('gzip', { reason: 'INVALID_ARGUMENT', message: 'grpc-encoding' }),
    ).toBe('identity');
    encodings.took('zstd');
    expect(encodings.fallback('zstd', bad)).toBeUndefined();
    expect(encodings.fallback('zstd', { ...bad, connection: {} })).toBe('gzip');
    expect(encodings.fallback('zstd', { reason: '403', message: 'encoding' })).toBeUndefined();
    expect(encodings.fallback('identity', UNIMPLEMENTED)).toBeUndefined();
  });
});
