import { once } from 'node:events';
import { constants } from 'node:http2';
import type { ServerHttp2Stream, ServerOptions } from 'node:http2';
import { setImmediate as tick } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { accept, answer, startH2Peer } from '../pool/fixtures/h2-peer.js';
import type { H2Peer, OnStream } from '../pool/fixtures/h2-peer.js';
import { startTcpProxy } from '../pool/fixtures/tcp-proxy.js';
import { until } from '../pool/fixtures/until.js';
import type { Outcome } from '../send/outcome.js';
import { bigBatch, patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSender } from './grpc-sender.js';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const MIB = 1024 * 1024;

let peer: H2Peer;
let sender: GrpcSender;
let warnings: string[];

async function start(onStream: OnStream, options: ServerOptions = {}, sessions = 1): Promise<void> {
  warnings = [];
  peer = await startH2Peer(onStream, options);
  sender = createGrpcSender({
    endpoint: peer.url,
    pool: { sessions },
    warn: (code) => void warnings.push(code),
  });
}

afterEach(async () => {
  await sender.close();
  await peer.close();
});

const send = (signal = patience()): Promise<Outcome> => sender.send(smallBatch(), signal);

describe('a GOAWAY', () => {
  it('sends what is above the last stream again at once and lets the others finish', async () => {
    await start((stream) => stream.resume());
    const sent = [send(), send()];
    const first = await peer.streams(1);
    await peer.streams(2);
    peer.onStream = accept;
    peer.first.goaway(constants.NGHTTP2_NO_ERROR, first.id);
    expect(await sent[1]).toEqual({ kind: 'accepted' });
    expect(sender.pool.stats).toMatchObject({ sessions: 2, open: 1, inFlight: 1, reconnects: 1 });
    answer(first);
    expect(await sent[0]).toEqual({ kind: 'accepted' });
    expect(peer.sessions).toHaveLength(2);
  });

  it('with an error sends again what was not looked at, and leaves the rest to the retry layer', async () => {
    await start((stream) => stream.resume());
    const sent = [send(), send()];
    const first = await peer.streams(1);
    await peer.streams(2);
    peer.onStream = accept;
    peer.first.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, first.id);
    expect(await sent[0]).toEqual({ kind: 'retry', reason: 'GOAWAY_11' });
    expect(await sent[1]).toEqual({ kind: 'accepted' });
  });
});

describe('a reset', () => {
  it.each([
    [
      'after the header',
      (stream: ServerHttp2Stream) => {
        stream.respond({ 'content-type': 'application/grpc' });
        stream.close(NGHTTP2_INTERNAL_ERROR);
      },
    ],
    [
      'during the data',
      (stream: ServerHttp2Stream) =>
        stream.once('data', () => stream.close(NGHTTP2_INTERNAL_ERROR)),
    ],
    [
      'after the data',
      (stream: ServerHttp2Stream) =>
        stream.resume().once('end', () => stream.close(NGHTTP2_INTERNAL_ERROR)),
    ],
  ])('%s may be tried again', async (_when, onStream) => {
    await start(onStream);
    const outcome = await sender.send(bigBatch(MIB), patience());
    expect(outcome).toEqual({ kind: 'retry', reason: 'RST_STREAM_2' });
    peer.onStream = accept;
  });

  it('that refuses the stream is followed by one more try at once', async () => {
    await start((stream) => {
      peer.onStream = accept;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    expect(await send()).toEqual({ kind: 'accepted' });
  });

  it('that always refuses is left to the retry layer', async () => {
    let streams = 0;
    await start((stream) => {
      streams++;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    expect(await send()).toEqual({ kind: 'retry', reason: 'REFUSED_STREAM' });
    expect(streams).toBe(2);
  });

  it('of the connection may be tried again', async () => {
    await start((stream) => stream.session!.destroy());
    expect(await send()).toMatchObject({ kind: 'retry' });
  });
});

describe('flow control', () => {
  it('holds to one stream at a time where the peer asks for it', async () => {
    let now = 0;
    let most = 0;
    await start(
      (stream, headers) => {
        most = Math.max(most, ++now);
        stream.on('close', () => now--);
        accept(stream, headers);
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => send()));
    expect(outcomes).toEqual(Array(10).fill({ kind: 'accepted' }));
    expect(most).toBe(1);
  });

  it('waits where the peer takes no stream, until it does or the deadline comes', async () => {
    await start(accept, { settings: { maxConcurrentStreams: 0 } });
    const deadline = new AbortController();
    const late = send(deadline.signal);
    const patient = send();
    await tick();
    await until(() => sender.pool.stats.open === 1);
    expect(sender.pool.stats).toMatchObject({ queued: 2, inFlight: 0 });
    deadline.abort();
    expect(await late).toEqual({ kind: 'retry', reason: 'aborted' });
    peer.first.settings({ maxConcurrentStreams: 4 });
    expect(await patient).toEqual({ kind: 'accepted' });
  });

  it('waits where the window is 0, until it opens or the deadline comes', async () => {
    await start(accept, { settings: { initialWindowSize: 0 } });
    const deadline = new AbortController();
    const late = sender.send(bigBatch(MIB), deadline.signal);
    const patient = sender.send(bigBatch(MIB), patience());
    await peer.streams(2);
    deadline.abort();
    expect(await late).toEqual({ kind: 'retry', reason: 'aborted' });
    expect(sender.pool.stats).toMatchObject({ open: 1, inFlight: 1 });
    peer.first.settings({ initialWindowSize: MIB });
    expect(await patient).toEqual({ kind: 'accepted' });
  });

  it('carries many large batches at once', async () => {
    await start(accept, {}, 2);
    const sent = Array.from({ length: 40 }, () => sender.send(bigBatch(4 * MIB), patience()));
    expect(await Promise.all(sent)).toEqual(Array(40).fill({ kind: 'accepted' }));
    await until(() => sender.pool.stats.open === 2);
    expect(peer.sessions).toHaveLength(2);
  });

  it('cuts a connection whose peer stopped reading before it lets go of the memory', async () => {
    const window = 64 * MIB;
    await start((stream) => stream.resume(), { settings: { initialWindowSize: window } });
    peer.server.on('session', (session) => session.setLocalWindowSize(window));
    const proxy = await startTcpProxy(peer.port);
    const stalled = createGrpcSender({ endpoint: proxy.url });
    const first = new AbortController();
    const asked = stalled.send(smallBatch(), first.signal);
    await peer.streams(1);
    first.abort();
    await asked;
    expect(stalled.pool.stats).toMatchObject({ open: 1 });
    proxy.stall();
    const deadline = new AbortController();
    const sent = stalled.send(bigBatch(32 * MIB), deadline.signal);
    await tick();
    deadline.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
    await until(() => stalled.pool.stats.lastError === 'stalled');
    await stalled.close();
    await proxy.close();
  });
});

describe('a reply', () => {
  const respond =
    (body: Uint8Array, headers: Record<string, string | number> = {}): OnStream =>
    (stream) => {
      stream.resume();
      stream.respond({ 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(body);
    };
  const framed = (flag: number, message: Uint8Array): Buffer => {
    const prefix = Buffer.from([flag, 0, 0, 0, 0]);
    prefix.writeUInt32BE(message.byteLength, 1);
    return Buffer.concat([prefix, message]);
  };

  it('that drips ends with the deadline, and the peer is told', async () => {
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
    expect(stream.rstCode).toBe(NGHTTP2_CANCEL);
    expect(sender.pool.stats).toMatchObject({ open: 1, inFlight: 0 });
  });

  it('above 4 MiB is cut, also when it is compressed', async () => {
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
  ])('%s is success with a warning', async (_what, body) => {
    await start(respond(body));
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(warnings).toEqual(['unreadable_response']);
  });

  it('in gzip is read', async () => {
    const partial = Buffer.from([0x0a, 0x05, 0x08, 0x01, 0x12, 0x01, 0x6d]);
    await start(respond(framed(1, gzipSync(partial)), { 'grpc-encoding': 'gzip' }));
    expect(await send()).toEqual({ kind: 'partial', rejected: 1, reason: 'm' });
  });

  it('without trailers may be tried again', async () => {
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
    [502, { kind: 'retry', reason: 'UNAVAILABLE' }],
    [503, { kind: 'retry', reason: 'UNAVAILABLE' }],
  ])('of a proxy that speaks HTTP %i only is told apart', async (status, outcome) => {
    await start((stream) => {
      stream.resume();
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<html>');
    });
    expect(await send()).toEqual(outcome);
  });

  it('that comes before the request is whole ends the request', async () => {
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
    'of status %i leaves the connection in use',
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
