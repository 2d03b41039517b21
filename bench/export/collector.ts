// A collector in a process of its own that keeps nothing: gRPC over HTTP/2, replies at once, counts requests,
// bytes and spans. Its windows are 8 MiB a stream and 16 MiB a connection: a collector in Go lets them grow to
// that size when round trips are long.
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { countSpans } from './count-spans.ts';

export type ToCollector =
  /**
   * Sends the counts and starts them again. From then on, `hold` answers no request, and `inspect` decompresses
   * requests and counts spans.
   */
  { readonly kind: 'take'; readonly hold: boolean; readonly inspect: boolean };

export interface Received {
  readonly requests: number;
  readonly bytes: number;
  /** 0 unless `inspect` is on. */
  readonly spans: number;
}

const MIB = 1024 * 1024;
const EMPTY_MESSAGE = Buffer.alloc(5);
const headers = { ':status': 200, 'content-type': 'application/grpc+proto' };

let mode: ToCollector = { kind: 'take', hold: false, inspect: false };
let received = { requests: 0, bytes: 0, spans: 0 };

function unpack(body: Buffer, encoding: unknown): Buffer {
  const message = body.subarray(5);
  if (body[0] === 0) return message;
  return encoding === 'zstd' ? zstdDecompressSync(message) : gunzipSync(message);
}

function serve(stream: ServerHttp2Stream, encoding: unknown): void {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (mode.inspect) chunks.push(chunk);
  });
  stream.on('error', () => {});
  stream.on('end', () => {
    const spans = mode.inspect ? countSpans(unpack(Buffer.concat(chunks), encoding)) : 0;
    const { requests, bytes } = received;
    received = {
      requests: requests + 1,
      bytes: bytes + size - 5,
      spans: received.spans + spans,
    };
    if (mode.hold || stream.destroyed) return;
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(EMPTY_MESSAGE);
  });
}

const server = createServer({
  settings: { initialWindowSize: 8 * MIB, maxConcurrentStreams: 100 },
  maxSessionMemory: 512,
});
server.on('session', (session) => {
  session.setLocalWindowSize(16 * MIB);
  session.on('error', () => {});
});
server.on('stream', (stream, asked) => serve(stream, asked['grpc-encoding']));
server.on('sessionError', () => {});
process.on('message', (message: ToCollector) => {
  process.send?.(received);
  received = { requests: 0, bytes: 0, spans: 0 };
  mode = message;
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port }),
);
