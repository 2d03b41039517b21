// Takes telemetry in a process of its own and replies at once: OTLP over gRPC and over HTTP, and what vendors' agents
// and collectors take. What is to be counted is kept as it came, and counted when the parent asks: so that counting
// takes no core from a load that runs meanwhile.
// Windows of HTTP/2 are those that a collector in Go grows to on a long road: 8 MiB a stream, 16 MiB a connection.
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ReceivedCounts } from './received-counts.ts';
import type { Counted } from './received-counts.ts';

/** Answer, and from now on: `hold` answers nothing; `inspect` keeps what comes, to count what is in it. */
export interface ToSink {
  readonly hold: boolean;
  readonly inspect: boolean;
}

/** Since the last question. */
export interface Received extends Counted {
  readonly requests: number;
  readonly bytes: number;
}

const MIB = 1024 * 1024;
const EMPTY_MESSAGE = Buffer.alloc(5);
const FRAME_HEAD = 5;
const COMPRESSED = 1;
const headers = { ':status': 200, 'content-type': 'application/grpc+proto' };

let mode: ToSink = { hold: false, inspect: false };
let requests = 0;
let bytes = 0;
let counts = new ReceivedCounts();

/** Collects a body, and calls `end` with it; without its bytes where nobody will look into it. */
function collect(
  stream: ServerHttp2Stream | IncomingMessage,
  end: (body: Buffer, size: number) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (mode.inspect) chunks.push(chunk);
  });
  stream.on('error', () => {});
  stream.on('end', () => end(Buffer.concat(chunks), size));
}

function serveGrpc(stream: ServerHttp2Stream, path: string, encoding: string): void {
  collect(stream, (body, size) => {
    requests += 1;
    bytes += size - FRAME_HEAD;
    if (mode.inspect) {
      const isCompressed = body[0] === COMPRESSED;
      counts.keep(path, isCompressed ? encoding : 'identity', body.subarray(FRAME_HEAD));
    }
    if (mode.hold || stream.destroyed) return;
    stream.respond(headers, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(EMPTY_MESSAGE);
  });
}

function serveHttp(request: IncomingMessage, response: ServerResponse): void {
  const { url = '', headers: given } = request;
  collect(request, (body, size) => {
    requests += 1;
    bytes += size;
    counts.traces(Number(given['x-datadog-trace-count'] ?? 0));
    if (mode.inspect) counts.keep(url, given['content-encoding'] ?? 'identity', body);
    if (mode.hold) return;
    const isOtlp = url.startsWith('/v1/');
    response.setHeader('content-type', isOtlp ? 'application/x-protobuf' : 'application/json');
    response.end(isOtlp ? '' : '{}');
  });
}

const grpc = createServer({
  settings: { initialWindowSize: 8 * MIB, maxConcurrentStreams: 100 },
  maxSessionMemory: 512,
});
grpc.on('session', (session) => {
  session.setLocalWindowSize(16 * MIB);
  session.on('error', () => {});
});
grpc.on('stream', (stream, asked) =>
  serveGrpc(stream, String(asked[':path']), String(asked['grpc-encoding'] ?? 'identity')),
);
grpc.on('sessionError', () => {});
// A peer may keep its connection between two of its turns.
const http = createHttp({ keepAliveTimeout: 600_000 }, serveHttp);

process.on('message', (message: ToSink) => {
  const received: Received = { requests, bytes, ...counts.count() };
  [requests, bytes, counts] = [0, 0, new ReceivedCounts()];
  mode = message;
  process.send?.(received);
});
process.on('disconnect', () => process.exit());

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
grpc.listen(0, '127.0.0.1', () =>
  http.listen(0, '127.0.0.1', () => process.send?.({ port: portOf(grpc), httpPort: portOf(http) })),
);
