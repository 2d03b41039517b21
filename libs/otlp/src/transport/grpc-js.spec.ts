import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Outcome } from '../send/outcome.js';
import type { Sender } from '../send/sender.js';
import { encodeExportResponse, encodeStatus } from '../wire/index.js';
import { batchOf, chunk, patience } from './fixtures/batches.js';
import { createGrpcSender } from './grpc-sender.js';
import type { GrpcSenderOptions } from './grpc-sender.js';

type Handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void;

let server: Server;
let handler: Handler;
let calls: { size: number; metadata: Record<string, unknown>; deadline: number }[];
let port: number;
let senders: Sender[];

const bytes = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (value: Buffer) => value,
  requestDeserialize: (value: Buffer) => value,
  responseSerialize: (value: Buffer) => value,
  responseDeserialize: (value: Buffer) => value,
};
function path(name: string): string {
  return `/opentelemetry.proto.collector.${name.toLowerCase()}.v1.${name}Service`;
}

beforeEach(async () => {
  calls = [];
  senders = [];
  handler = (_call, done) => done(null, Buffer.alloc(0));
  server = new Server();
  for (const name of ['Trace', 'Metrics', 'Logs']) {
    const method = { ...bytes, path: `${path(name)}/Export` };
    server.addService(
      { Export: method },
      {
        Export(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
          const metadata = call.metadata.getMap();
          const deadline = Number(call.getDeadline());
          calls.push({ size: call.request.length, metadata, deadline });
          handler(call, done);
        },
      },
    );
  }
  port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
});

afterEach(async () => {
  await Promise.all(senders.map((each) => each.close()));
  server.forceShutdown();
});

function senderTo(options: Partial<GrpcSenderOptions> = {}): Sender {
  const sender = createGrpcSender({ endpoint: `http://127.0.0.1:${port}`, ...options });
  senders.push(sender);
  return sender;
}

const batch = batchOf('traces', chunk('traces', 500), chunk('traces', 500));
function send(options?: Partial<GrpcSenderOptions>): Promise<Outcome> {
  return senderTo(options).send(batch, patience());
}

describe('a server of grpc-js', () => {
  it.each(['traces', 'metrics', 'logs'] as const)('receives %s', async (signal) => {
    const sent = batchOf(signal, chunk(signal, 3));
    expect(await senderTo().send(sent, patience())).toEqual({ kind: 'accepted' });
    expect(calls).toMatchObject([{ size: sent.bytes }]);
  });

  it('receives gzip, metadata and the deadline', async () => {
    const headers = { 'X-Tenant': 'a', 'trace-bin': btoa('ab') };
    const before = Date.now();
    expect(await send({ compression: 'gzip', headers, timeoutMs: 60_000 })).toEqual({
      kind: 'accepted',
    });
    expect(calls).toMatchObject([
      { size: batch.bytes, metadata: { 'x-tenant': 'a', 'trace-bin': Buffer.from('ab') } },
    ]);
    const [call] = calls;
    expect(call?.deadline).toBeGreaterThan(before + 50_000);
  });

  it('receives gzip in place of zstd, which it does not know', async () => {
    const sender = senderTo({ compression: 'zstd' });
    expect(await sender.send(batch, patience())).toEqual({ kind: 'accepted' });
    expect(await sender.send(batch, patience())).toEqual({ kind: 'accepted' });
    expect(calls.map((each) => each.size)).toEqual([batch.bytes, batch.bytes]);
  });

  it('may reject a part of a batch', async () => {
    handler = (_call, done) =>
      done(null, Buffer.from(encodeExportResponse({ rejected: 2, message: 'old' })));
    expect(await send()).toEqual({ kind: 'partial', rejected: 2, reason: 'old' });
  });

  it('may ask for a pause', async () => {
    handler = (_call, done) => {
      const metadata = new Metadata();
      const details = encodeStatus({ code: 8, message: 'full', retryAfterMs: 1500 });
      metadata.set('grpc-status-details-bin', Buffer.from(details));
      done({ code: status.RESOURCE_EXHAUSTED, details: 'full', metadata });
    };
    expect(await send()).toEqual({ kind: 'retry', reason: 'RESOURCE_EXHAUSTED', afterMs: 1500 });
  });

  it('may fail with a message in any language', async () => {
    const warnings: string[] = [];
    handler = (_call, done) => done({ code: status.INTERNAL, details: 'größer % 100' });
    function warn(code: string, text: string): void {
      void warnings.push(`${code}: ${text}`);
    }
    expect(await send({ warn })).toEqual({ kind: 'refused', reason: 'INTERNAL' });
    expect(warnings).toEqual([
      expect.stringMatching(/ \(INTERNAL\): größer % 100; what it refuses/),
    ]);
  });

  it('loses nothing in a graceful shutdown', async () => {
    let answer: (() => void) | undefined;
    const called = new Promise<void>((resolve) => {
      handler = (_call, done) => {
        answer = () => done(null, Buffer.alloc(0));
        resolve();
      };
    });
    const sent = send();
    await called;
    const down = new Promise((resolve) => server.tryShutdown(resolve));
    answer?.();
    expect(await sent).toEqual({ kind: 'accepted' });
    await down;
  });
});
