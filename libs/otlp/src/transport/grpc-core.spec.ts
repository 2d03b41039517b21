import { constants, sensitiveHeaders } from 'node:http2';
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { accept, startH2Peer } from '../pool/fixtures/h2-peer.js';
import type { H2Peer, OnStream } from '../pool/fixtures/h2-peer.js';
import type { Outcome } from '../send/outcome.js';
import { beginTrail } from '../send/trail.js';
import { patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSender } from './grpc-sender.js';

type Refuse = (stream: ServerHttp2Stream) => void;

/** The answer of grpcio 1.62.0 to 1.80.0 to an unknown encoding. */
const reset: Refuse = (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
function trailersOnly(status: number, message: string): Refuse {
  return (stream) =>
    stream.respond(
      { 'content-type': 'application/grpc', 'grpc-status': status, 'grpc-message': message },
      { endStream: true },
    );
}
/** The answer of grpcio 1.85.3 to an unknown encoding. */
const internal = trailersOnly(13, "Error parsing 'grpc-encoding' metadata");

/**
 * A server like gRPC C-core: it fails for an unknown encoding, and for each later request that refers to its HPACK
 * entry.
 */
class CoreServer {
  readonly encodings: string[] = [];
  readonly #poisoned = new WeakSet<Http2Session>();
  readonly #refuse: Refuse;
  readonly #known: ReadonlySet<string>;

  constructor(refuse: Refuse, known = ['identity', 'gzip']) {
    this.#refuse = refuse;
    this.#known = new Set(known);
  }

  readonly onStream: OnStream = (stream, headers) => {
    const encoding = String(headers['grpc-encoding'] ?? 'identity');
    this.encodings.push(encoding);
    if (this.#takes(stream.session!, headers, encoding)) accept(stream, headers);
    else this.#refuse(stream.resume());
  };

  #takes(session: Http2Session, headers: IncomingHttpHeaders, encoding: string): boolean {
    const unindexed = (headers as { [sensitiveHeaders]?: string[] })[sensitiveHeaders] ?? [];
    const isIndexed = !unindexed.includes('grpc-encoding');
    const isKnown = this.#known.has(encoding);
    if (!isKnown && isIndexed) this.#poisoned.add(session);
    if (encoding === 'identity') return true;
    return isKnown && !(isIndexed && this.#poisoned.has(session));
  }
}

describe.each([
  ['resets', reset],
  ['answers INTERNAL to', internal],
])('a server of gRPC C-core that %s a request in zstd', (_how, refuse) => {
  let peer: H2Peer;
  let sender: GrpcSender;
  let warnings: string[];

  async function start(server: CoreServer, compression: 'zstd' | 'gzip' = 'zstd') {
    warnings = [];
    peer = await startH2Peer(server.onStream);
    sender = createGrpcSender({
      endpoint: peer.url,
      compression,
      pool: { sessions: 1 },
      warn: (_code, text) => void warnings.push(text),
    });
  }
  function send(): Promise<Outcome> {
    return sender.send(smallBatch(), patience());
  }

  afterEach(async () => {
    await sender.close();
    await peer.close();
  });

  it('receives the same batch in gzip, and all others too', async () => {
    const server = new CoreServer(refuse);
    await start(server);
    const batch = smallBatch();
    const trail = beginTrail();
    expect(await sender.send(batch, patience(), trail)).toEqual({ kind: 'accepted' });
    expect(trail.resent).toBe(false);
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(server.encodings).toEqual(['zstd', 'gzip', 'gzip']);
    expect(warnings).toEqual(['the server does not take zstd; using gzip']);
  });

  it('loses none of 20 concurrent requests', async () => {
    const server = new CoreServer(refuse);
    await start(server);
    const sent = await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(sent).toEqual(Array(20).fill({ kind: 'accepted' }));
    expect(server.encodings.filter((each) => each === 'zstd')).toHaveLength(1);
  });

  it('receives the same batch uncompressed if it does not know gzip either', async () => {
    const server = new CoreServer(refuse, ['identity']);
    await start(server);
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(server.encodings).toEqual(['zstd', 'gzip', 'identity', 'gzip', 'identity', 'identity']);
    expect(warnings).toEqual([
      'the server does not take zstd; using gzip',
      'the server does not take gzip; using identity',
    ]);
  });

  it('loses nothing behind a name that another server shares, which knows zstd', async () => {
    await start(new CoreServer(refuse, ['identity', 'gzip', 'zstd']));
    expect([await send(), await send()]).toEqual([{ kind: 'accepted' }, { kind: 'accepted' }]);
    const other = new CoreServer(refuse);
    peer.onStream = other.onStream;
    const [gone] = peer.sessions;
    gone?.goaway(constants.NGHTTP2_NO_ERROR);
    expect(await send()).toEqual({ kind: 'accepted' });
    expect(other.encodings).toEqual(['zstd', 'gzip']);
  });
});

describe('a reset of a request', () => {
  it('in a confirmed encoding is a failure, and does not change the encoding', async () => {
    const peer = await startH2Peer(accept);
    const sender = createGrpcSender({
      endpoint: peer.url,
      compression: 'zstd',
      pool: { sessions: 1 },
    });
    await sender.send(smallBatch(), patience());
    const encodings: unknown[] = [];
    peer.onStream = (stream, headers) => {
      encodings.push(headers['grpc-encoding']);
      reset(stream.resume());
    };
    expect(await sender.send(smallBatch(), patience())).toEqual({
      kind: 'retry',
      reason: 'RST_STREAM_2',
    });
    expect(encodings).toEqual(['zstd']);
    await sender.close();
    await peer.close();
  });

  it('in each encoding is left to the retry layer', async () => {
    const encodings: unknown[] = [];
    const peer = await startH2Peer((stream, headers) => {
      encodings.push(headers['grpc-encoding'] ?? 'identity');
      reset(stream.resume());
    });
    const sender = createGrpcSender({ endpoint: peer.url, compression: 'zstd' });
    const outcome = { kind: 'retry', reason: 'RST_STREAM_2' };
    expect(await sender.send(smallBatch(), patience())).toEqual(outcome);
    expect(encodings).toEqual(['zstd', 'gzip', 'identity']);
    peer.onStream = accept;
    expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
    await sender.close();
    await peer.close();
  });
});

it('a missing service is not tried again in each encoding that the connection has confirmed', async () => {
  const encodings: unknown[] = [];
  const peer = await startH2Peer((stream, headers) => {
    encodings.push(headers['grpc-encoding']);
    if (String(headers[':path']).includes('Metrics')) {
      trailersOnly(12, 'unknown service')(stream.resume());
    } else accept(stream, headers);
  });
  const sender = createGrpcSender({ endpoint: peer.url, compression: 'gzip' });
  await sender.send(smallBatch('traces'), patience());
  expect(await sender.send(smallBatch('metrics'), patience())).toEqual({
    kind: 'refused',
    reason: 'UNIMPLEMENTED',
  });
  expect(encodings).toEqual(['gzip', 'gzip']);
  await sender.close();
  await peer.close();
});
