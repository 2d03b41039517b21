import { SIGNALS } from '../wire/model.js';
import { setImmediate as tick } from 'node:timers/promises';
import { createOtlpReceiver } from '../receiver/index.js';
import type { ExportReply, OtlpReceiver, ReceivedExport } from '../receiver/index.js';
import type { Signal } from '../wire/index.js';
import type { Batch, Sender } from '../send/sender.js';
import { batchOf, chunk, jsonBatch, patience, smallBatch } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSenderOptions } from './grpc-sender.js';
import { createHttpSender } from './http-sender.js';
import type { HttpSenderOptions } from './http-sender.js';

let receiver: OtlpReceiver;
let received: ReceivedExport[];
let reply: ExportReply;
let grpcUrl: string;
let httpUrl: string;
let senders: Sender[];
let warnings: string[];
function warn(code: string, text: string): void {
  void warnings.push(`${code}: ${text}`);
}

beforeEach(async () => {
  received = [];
  senders = [];
  warnings = [];
  reply = { kind: 'accepted' };
  receiver = createOtlpReceiver({
    grpcPort: 0,
    httpPort: 0,
    onExport(each) {
      received.push(each);
      return reply;
    },
  });
  const ports = await receiver.start();
  grpcUrl = `http://127.0.0.1:${ports.grpcPort}`;
  httpUrl = `http://127.0.0.1:${ports.httpPort}`;
});

afterEach(async () => {
  await Promise.all(senders.map((each) => each.close()));
  await receiver.close();
});

function opened<T extends Sender>(sender: T): T {
  senders.push(sender);
  return sender;
}

function grpc(options: Partial<GrpcSenderOptions> = {}): Sender {
  return opened(createGrpcSender({ endpoint: grpcUrl, warn, ...options }));
}
function http(options: Partial<HttpSenderOptions> = {}): Sender {
  return opened(
    createHttpSender({ endpoint: httpUrl, content: 'protobuf', warn, proxy: false, ...options }),
  );
}

const transports = [
  ['grpc', (compression: 'identity' | 'gzip') => grpc({ compression }), smallBatch],
  ['http/protobuf', (compression: 'identity' | 'gzip') => http({ compression }), smallBatch],
  [
    'http/json',
    (compression: 'identity' | 'gzip') => http({ compression, content: 'json' }),
    jsonBatch,
  ],
] as const satisfies readonly (readonly [
  string,
  (compression: 'identity' | 'gzip') => Sender,
  (signal: Signal) => Batch,
])[];

describe.each(transports)('a sender over %s', (transport, open, batch) => {
  describe.each(['identity', 'gzip'] as const)('with %s', (compression) => {
    it.each(SIGNALS)('delivers %s', async (signal) => {
      const sender = open(compression);
      expect(await sender.send(batch(signal), patience())).toEqual({ kind: 'accepted' });
      expect(await sender.send(batch(signal), patience())).toEqual({ kind: 'accepted' });
      expect(received.map((each) => [each.transport, each.request.signal])).toEqual([
        [transport, signal],
        [transport, signal],
      ]);
      const [first] = received;
      expect(first?.request.groups.at(0)?.scopes.at(0)?.items).toHaveLength(1);
      expect(first?.headers['user-agent']).toMatch(/^Nestlens-OTLP\/\S+ OTel-OTLP-Exporter/);
    });
  });

  it('counts items that the receiver rejects', async () => {
    reply = { kind: 'partial', rejected: 1, message: 'too old' };
    const outcome = await open('identity').send(batch('traces'), patience());
    expect(outcome).toEqual({ kind: 'partial', rejected: 1, reason: 'too old' });
    expect(warnings).toEqual([
      expect.stringMatching(/^partial_success_traces: 1 of 1 items .*: too old; .* is lost$/),
    ]);
  });

  it('treats a warning without rejected items as a success', async () => {
    reply = { kind: 'accepted', message: 'soon no more' };
    expect(await open('identity').send(batch('logs'), patience())).toEqual({ kind: 'accepted' });
    expect(warnings).toEqual([
      expect.stringMatching(/^partial_success: logs taken .*: soon no more$/),
    ]);
  });

  it('passes on the pause that the receiver asks for', async () => {
    reply = { kind: 'refused', code: 8, message: 'full', retryAfterMs: 5000 };
    const outcome = await open('gzip').send(batch('metrics'), patience());
    expect(outcome).toMatchObject({ kind: 'retry', afterMs: 5000 });
  });

  it('connects again after the connection was cut', async () => {
    const sender = open('identity');
    reply = { kind: 'reset' };
    expect(await sender.send(batch('traces'), patience())).toMatchObject({ kind: 'retry' });
    reply = { kind: 'accepted' };
    // A connection that failed is followed by a short pause.
    let outcome = await sender.send(batch('traces'), patience());
    while (outcome.kind === 'retry' && outcome.afterMs !== undefined) {
      await tick();
      outcome = await sender.send(batch('traces'), patience());
    }
    expect(outcome).toEqual({ kind: 'accepted' });
  });

  it('ends at once when the signal aborts', async () => {
    reply = { kind: 'hang' };
    const attempt = new AbortController();
    const sent = open('identity').send(batch('traces'), attempt.signal);
    await tick();
    attempt.abort();
    expect(await sent).toEqual({ kind: 'retry', reason: 'aborted' });
  });

  it('refuses after close(), which may be called twice', async () => {
    const sender = open('identity');
    await sender.send(batch('traces'), patience());
    await Promise.all([sender.close(), sender.close()]);
    await sender.close();
    expect(await sender.send(batch('traces'), patience())).toEqual({
      kind: 'refused',
      reason: 'closed',
    });
  });
});

it('a batch of many chunks is sent as one message', async () => {
  const batch = batchOf('traces', chunk('traces', 3, 'a'), chunk('traces', 2, 'b'));
  await grpc().send(batch, patience());
  await http().send(batch, patience());
  const items = received.map(({ request }) =>
    request.groups.map((resource) => resource.scopes.map((scope) => scope.items.length)),
  );
  expect(items).toEqual([
    [[3], [2]],
    [[3], [2]],
  ]);
});

describe('headers', () => {
  it('come from values, from functions and from the endpoint', async () => {
    const headers = [{ 'X-Tenant': 'a' }, async () => ({ 'x-token': String(received.length) })];
    const sender = grpc({ headers });
    await sender.send(smallBatch(), patience());
    await sender.send(smallBatch(), patience());
    await http({ endpoint: httpUrl.replace('//', '//u:p@') }).send(smallBatch(), patience());
    expect(received.map((each) => each.headers)).toEqual([
      expect.objectContaining({ 'x-tenant': 'a', 'x-token': '0' }),
      expect.objectContaining({ 'x-tenant': 'a', 'x-token': '1' }),
      expect.objectContaining({ authorization: `Basic ${btoa('u:p')}` }),
    ]);
  });

  it('that a function does not give end the attempt, not the sender', async () => {
    const outcome = await http({
      headers: () => {
        throw new Error('canary');
      },
    }).send(smallBatch(), patience());
    expect(outcome).toEqual({ kind: 'retry', reason: 'headers' });
    expect(received).toHaveLength(0);
  });
});

it('a batch that is larger than maxRequestBytes is refused', async () => {
  const batch = smallBatch();
  const refusal = { kind: 'refused', reason: 'too_large' };
  expect(await grpc({ maxRequestBytes: 10 }).send(batch, patience())).toEqual(refusal);
  expect(await http({ maxRequestBytes: 10 }).send(batch, patience())).toEqual(refusal);
  expect(received).toHaveLength(0);
});

it('gzip is used if the server does not know zstd, also later', async () => {
  for (const sender of [grpc({ compression: 'zstd' }), http({ compression: 'zstd' })]) {
    expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
    expect(await sender.send(smallBatch(), patience())).toEqual({ kind: 'accepted' });
  }
  expect(receiver.stats()).toMatchObject({ accepted: 4, rejected: 2 });
  expect(warnings).toEqual(
    Array(2).fill('encoding_refused: the server does not take zstd; using gzip'),
  );
});
