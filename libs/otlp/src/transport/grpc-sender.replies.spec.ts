import { once } from 'node:events';
import { constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { accept, startH2Peer } from '../pool/fixtures/h2-peer.js';
import type { H2Peer, OnStream } from '../pool/fixtures/h2-peer.js';
import { until } from '../pool/fixtures/until.js';
import type { Outcome } from '../send/outcome.js';
import { bigBatch, patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSender } from './grpc-sender.js';

const MIB = 1024 * 1024;

let peer: H2Peer;
let sender: GrpcSender;
let warnings: string[];

async function start(onStream: OnStream): Promise<void> {
  warnings = [];
  peer = await startH2Peer(onStream);
  sender = createGrpcSender({ endpoint: peer.url, warn: (code) => void warnings.push(code) });
}

afterEach(async () => {
  await sender.close();
  await peer.close();
});

function send(signal = patience()): Promise<Outcome> {
  return sender.send(smallBatch(), signal);
}

describe('a reply', () => {
  function respond(body: Uint8Array, headers: Record<string, string | number> = {}): OnStream {
    return (stream) => {
      stream.resume();
      stream.respond({ 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(body);
    };
  }
  function framed(flag: number, message: Uint8Array): Buffer {
    const prefix = Buffer.from([flag, 0, 0, 0, 0]);
    prefix.writeUInt32BE(message.byteLength, 1);
    return Buffer.concat([prefix, message]);
  }

  it('that never ends is cancelled when the signal aborts', async () => {
    await start((begun) => {
      begun.respond({ 'content-type': 'application/grpc' });
      begun.write('x');
    });
    const deadline = new AbortController();
    const sent = send(deadline.signal);
    const stream = await peer.streams(1);
    const closed = once(stream, 'close');
    deadline.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(sender.pool.stats).toMatchObject({ open: 1, inFlight: 0 });
  });

  it('above 4 MiB is refused, also if it is compressed', async () => {
    const outcome = { kind: 'refused', reason: 'response_too_large' };
    await start(respond(Buffer.alloc(5 * MIB)));
    expect(await send()).toEqual(outcome);
    const bomb = gzipSync(Buffer.alloc(5 * MIB));
    peer.onStream = respond(framed(1, bomb), { 'grpc-encoding': 'gzip' });
    expect(await send()).toEqual(outcome);
  });

  it.each([
    ['whose protobuf is truncated', framed(0, Buffer.from([0x0a, 0x7f]))],
    ['whose frame is truncated', framed(0, Buffer.alloc(9)).subarray(0, 7)],
    ['in an unknown encoding', framed(1, Buffer.alloc(9))],
  ])('%s is a success with a warning', async (_what, body) => {
    await start(respond(body));
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(warnings).toEqual(['unreadable_response']);
  });

  it('in gzip is read', async () => {
    const partial = Buffer.from([0x0a, 0x05, 0x08, 0x01, 0x12, 0x01, 0x6d]);
    await start(respond(framed(1, gzipSync(partial)), { 'grpc-encoding': 'gzip' }));
    expect(await send()).toEqual({ kind: 'partial', rejected: 1, reason: 'm' });
  });

  it('without trailers is retryable', async () => {
    await start((stream) => {
      stream.resume();
      stream.respond({ 'content-type': 'application/grpc' });
      stream.end(framed(0, Buffer.alloc(0)));
    });
    expect(await send()).toEqual({ kind: 'retry', reason: 'no_trailers' });
  });

  it.each([
    [200, { kind: 'refused', reason: 'UNKNOWN' }],
    [404, { kind: 'refused', reason: 'UNIMPLEMENTED' }],
    [429, { kind: 'retry', reason: '429', afterMs: 3000 }],
    [502, { kind: 'retry', reason: '502', afterMs: 3000 }],
    [503, { kind: 'retry', reason: '503', afterMs: 3000 }],
    [504, { kind: 'retry', reason: '504', afterMs: 3000 }],
  ])('of a proxy with the HTTP status %i is mapped to an outcome', async (status, outcome) => {
    await start((stream) => {
      stream.resume();
      stream.respond({ ':status': status, 'content-type': 'text/html', 'retry-after': '3' });
      stream.end('<html>');
    });
    expect(await send()).toEqual(outcome);
  });

  it('that comes before the end of the request ends the request', async () => {
    await start((begun) => {
      begun.respond(
        { 'content-type': 'application/grpc', 'grpc-status': '8' },
        { endStream: true },
      );
    });
    const outcome = await sender.send(bigBatch(8 * MIB), patience());
    expect(outcome).toEqual({ kind: 'refused', reason: 'RESOURCE_EXHAUSTED' });
    const stream = await peer.streams(1);
    await until(() => stream.closed);
    expect(sender.pool.stats.inFlight).toBe(0);
  });

  it.each(Array.from({ length: 17 }, (_, code) => code))(
    'with status %i keeps the connection open',
    async (code) => {
      await start((stream) => {
        stream.resume();
        stream.respond(
          { 'content-type': 'application/grpc', 'grpc-status': code, 'grpc-message': 'a%20b' },
          { endStream: true },
        );
      });
      await send();
      await send();
      expect(peer.sessions).toHaveLength(1);
      expect(sender.pool.stats).toMatchObject({ open: 1, inFlight: 0 });
      expect(warnings).toHaveLength(code === 0 ? 0 : 2);
    },
  );
});

describe('zstd', () => {
  it('is tried with one request, then used for all', async () => {
    const encodings: unknown[] = [];
    await start((stream, headers) => {
      encodings.push(headers['grpc-encoding']);
      accept(stream, headers);
    });
    const { url } = peer;
    await sender.close();
    sender = createGrpcSender({ endpoint: url, compression: 'zstd' });
    await Promise.all([send(), send(), send()]);
    await Promise.all([send(), send()]);
    expect(encodings.slice(0, 3).filter((each) => each === 'zstd')).toHaveLength(1);
    expect(encodings.slice(3)).toEqual(['zstd', 'zstd']);
  });
});
