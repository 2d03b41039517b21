import { constants } from 'node:http2';
import type { ServerHttp2Stream, ServerOptions } from 'node:http2';
import { setImmediate as tick } from 'node:timers/promises';
import { accept, answer, startH2Peer } from '../pool/fixtures/h2-peer.js';
import type { H2Peer, OnStream } from '../pool/fixtures/h2-peer.js';
import { startTcpProxy } from '../pool/fixtures/tcp-proxy.js';
import { until } from '../pool/fixtures/until.js';
import type { Outcome } from '../send/outcome.js';
import { beginTrail } from '../send/trail.js';
import { bigBatch, patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSender } from './grpc-sender.js';

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = constants;
const MIB = 1024 * 1024;

let peer: H2Peer;
let sender: GrpcSender;

async function start(onStream: OnStream, options: ServerOptions = {}, sessions = 1): Promise<void> {
  peer = await startH2Peer(onStream, options);
  sender = createGrpcSender({ endpoint: peer.url, pool: { sessions } });
}

afterEach(async () => {
  await sender.close();
  await peer.close();
});

function send(signal = patience()): Promise<Outcome> {
  return sender.send(smallBatch(), signal);
}

describe('a GOAWAY', () => {
  it('repeats streams above the last one at once, and lets the others finish', async () => {
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

  it('with an error repeats unprocessed requests, and leaves the others to the retry layer', async () => {
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
  ])('%s is retryable', async (_when, onStream) => {
    await start(onStream);
    const outcome = await sender.send(bigBatch(MIB), patience());
    expect(outcome).toEqual({ kind: 'retry', reason: 'RST_STREAM_2' });
    peer.onStream = accept;
  });

  it('with REFUSED_STREAM is followed by one more attempt at once', async () => {
    await start((stream) => {
      peer.onStream = accept;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    expect(await send()).toEqual({ kind: 'accepted' });
  });

  it('with REFUSED_STREAM for each attempt is left to the retry layer', async () => {
    let streams = 0;
    await start((stream) => {
      streams++;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    expect(await send()).toEqual({ kind: 'retry', reason: 'REFUSED_STREAM' });
    expect(streams).toBe(2);
  });

  it('with REFUSED_STREAM is not answered at once on later attempts of a batch', async () => {
    let streams = 0;
    await start((stream) => {
      streams++;
      stream.close(NGHTTP2_REFUSED_STREAM);
    });
    const batch = smallBatch();
    const trail = beginTrail();
    const counts: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await sender.send(batch, patience(), trail);
      counts.push(streams);
    }
    expect(counts).toEqual([2, 3, 4]);
  });

  it('of the connection is retryable', async () => {
    await start((stream) => stream.session!.destroy());
    expect(await send()).toMatchObject({ kind: 'retry' });
  });
});

describe('flow control', () => {
  it('sends one stream at a time if the peer allows only one', async () => {
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

  it('waits while the peer allows no stream, until it does or the signal aborts', async () => {
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

  it('waits while the window is 0, until it opens or the signal aborts', async () => {
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

  it('sends 40 batches of 4 MiB at once', async () => {
    await start(accept, {}, 2);
    const sent = Array.from({ length: 40 }, () => sender.send(bigBatch(4 * MIB), patience()));
    expect(await Promise.all(sent)).toEqual(Array(40).fill({ kind: 'accepted' }));
    await until(() => sender.pool.stats.open === 2);
    expect(peer.sessions).toHaveLength(2);
  });

  it('ends a connection whose peer stopped reading, so that its memory is freed', async () => {
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
