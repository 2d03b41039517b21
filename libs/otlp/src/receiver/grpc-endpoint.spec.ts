import { once } from 'node:events';
import type { EventEmitter } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { decodeExportResponse } from '../wire/export-response.js';
import { frame } from './grpc-frames.js';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver } from './receiver.js';
import type { ExportReply, OtlpReceiverOptions, ReceivedExport } from './receiver-options.js';
import { decodeStatus } from '../wire/status.js';

const TRACES = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
/** One resource, one scope, one span without fields. */
const ONE_SPAN = Buffer.from('0a0412021200', 'hex');

let receiver: OtlpReceiver;
let session: ClientHttp2Session;
let port: number;
let received: ReceivedExport[];
let reply: () => ExportReply | Promise<ExportReply>;

async function open(options: Partial<OtlpReceiverOptions> = {}): Promise<void> {
  receiver = createOtlpReceiver({
    grpcPort: 0,
    httpPort: false,
    onExport: (each) => {
      received.push(each);
      return reply();
    },
    ...options,
  });
  port = (await receiver.start()).grpcPort;
  session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
}

beforeEach(() => {
  received = [];
  reply = () => ({ kind: 'accepted' });
});

afterEach(async () => {
  session.destroy();
  await receiver.close();
});

function request(headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const all = {
    ':method': 'POST',
    ':path': TRACES,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const stream = session.request({ ...all, ...headers });
  stream.on('error', () => {});
  return stream;
}

/** Status, message and details of the trailers, or of the headers if there are no trailers. */
async function answerOf(stream: ClientHttp2Stream) {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (each) => (headers = each));
  stream.on('trailers', (each) => (trailers = each));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await closed(stream);
  const last = { ...headers, ...trailers };
  return {
    headers,
    status: last['grpc-status'] as string | undefined,
    message: decodeURIComponent(String(last['grpc-message'] ?? '')),
    details: Buffer.from(String(last['grpc-status-details-bin'] ?? ''), 'base64'),
    body: Buffer.concat(chunks),
  };
}

/** Unlike `once`, it also resolves if an error comes first. */
function closed(emitter: EventEmitter): Promise<void> {
  return new Promise((resolve) => emitter.once('close', () => resolve()));
}

function post(body: Uint8Array, headers: OutgoingHttpHeaders = {}) {
  const stream = request(headers);
  stream.end(body);
  return answerOf(stream);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function compressed(message: Uint8Array): Buffer {
  const body = frame(message);
  body[0] = 1;
  return body;
}

describe('OTLP/gRPC', () => {
  it('passes a request on, and answers OK in trailers', async () => {
    await open();
    const answer = await post(frame(ONE_SPAN), { 'x-key': 'a', 'grpc-timeout': '99999999H' });
    expect(answer).toMatchObject({ status: '0', message: '' });
    expect(answer.headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
    expect(answer.headers['grpc-status']).toBeUndefined();
    expect(answer.body).toEqual(frame(new Uint8Array()));
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ transport: 'grpc', bytes: 6 });
    expect(received[0]?.headers).toMatchObject({ 'x-key': 'a' });
    expect(received[0]?.request.groups[0]?.scopes[0]?.items).toHaveLength(1);
    expect(Buffer.from(received[0]?.raw ?? [])).toEqual(ONE_SPAN);
  });

  it('accepts an empty request, and gzip', async () => {
    await open();
    expect(await post(frame(new Uint8Array()))).toMatchObject({ status: '0' });
    const zipped = gzipSync(ONE_SPAN);
    expect(await post(compressed(zipped), { 'grpc-encoding': 'gzip' })).toMatchObject({
      status: '0',
    });
    expect(await post(frame(ONE_SPAN), { 'grpc-encoding': 'gzip' })).toMatchObject({ status: '0' });
    expect(received.map((each) => each.bytes)).toEqual([0, zipped.length, 6]);
    expect(Buffer.from(received[1]?.raw ?? [])).toEqual(ONE_SPAN);
  });

  it('answers partial success', async () => {
    await open();
    reply = () => ({ kind: 'partial', rejected: 3, message: 'zu alt' });
    const answer = await post(frame(ONE_SPAN));
    expect(answer.status).toBe('0');
    expect(decodeExportResponse(answer.body.subarray(5))).toEqual({
      rejected: 3,
      message: 'zu alt',
    });
    expect(receiver.stats()).toMatchObject({ accepted: 0, partial: 1 });
  });

  it('answers a refusal with an encoded message and RetryInfo', async () => {
    await open();
    reply = () => ({
      kind: 'refused',
      code: 14,
      message: '100 % voll:\nspäter',
      retryAfterMs: 1500,
    });
    const answer = await post(frame(ONE_SPAN));
    expect(answer).toMatchObject({ status: '14', message: '100 % voll:\nspäter' });
    expect(decodeStatus(answer.details)).toEqual({
      code: 14,
      message: '100 % voll:\nspäter',
      retryAfterMs: 1500,
    });
    reply = () => ({ kind: 'refused', code: 7, message: 'no' });
    expect(await post(frame(ONE_SPAN))).toMatchObject({ status: '7', details: Buffer.alloc(0) });
  });

  it.each([
    ['a body without a message', Buffer.alloc(0)],
    ['half a prefix', Buffer.from([0, 0, 0])],
    ['a message shorter than its prefix says', frame(ONE_SPAN).subarray(0, 8)],
    ['two messages', Buffer.concat([frame(ONE_SPAN), frame(ONE_SPAN)])],
    ['unknown flags', Buffer.from([2, 0, 0, 0, 0])],
    ['a message of 4 GiB', Buffer.from([0, 255, 255, 255, 255, 0])],
    ['bytes that are not protobuf', frame(Buffer.from([0x0a, 0xff]))],
  ])('refuses %s as INVALID_ARGUMENT, without RetryInfo', async (_name, body) => {
    await open();
    expect(await post(body)).toMatchObject({ status: '3', details: Buffer.alloc(0) });
    expect(receiver.stats()).toMatchObject({ rejected: 1, heldBytes: 0 });
    expect(received).toEqual([]);
  });

  it('refuses damaged gzip and an unknown encoding', async () => {
    await open();
    const zipped = gzipSync(ONE_SPAN);
    zipped.writeUInt32LE(7, zipped.length - 8);
    expect(await post(compressed(zipped), { 'grpc-encoding': 'gzip' })).toMatchObject({
      status: '3',
    });
    const answer = await post(compressed(ONE_SPAN), { 'grpc-encoding': 'zstd' });
    expect(answer).toMatchObject({ status: '12', message: 'no decompressor for zstd' });
    expect(answer.headers['grpc-accept-encoding']).toBe('identity,gzip');
    expect(receiver.stats().heldBytes).toBe(0);
  });

  it('answers UNIMPLEMENTED for other methods, 415 for other protocols, PERMISSION_DENIED for web pages', async () => {
    await open();
    const health = await post(frame(ONE_SPAN), { ':path': '/grpc.health.v1.Health/Check' });
    expect(health).toMatchObject({
      status: '12',
      message: 'no method /grpc.health.v1.Health/Check',
    });
    const json = await post(Buffer.from('{}'), { 'content-type': 'application/json' });
    expect(json.headers[':status']).toBe(415);
    const web = await post(frame(ONE_SPAN), { 'content-type': 'application/grpc-web' });
    expect(web.headers[':status']).toBe(415);
    expect(await post(frame(ONE_SPAN), { origin: 'https://evil.example' })).toMatchObject({
      status: '7',
    });
    expect(received).toEqual([]);
  });

  it('answers RESOURCE_EXHAUSTED for bodies above the limit, before and after inflating', async () => {
    await open({ limits: { maxBodyBytes: 2 ** 20 } });
    const tooLarge = { status: '8', message: 'request body too large', details: Buffer.alloc(0) };
    expect(await post(frame(Buffer.alloc(2 ** 20 + 1)))).toMatchObject(tooLarge);
    const bomb = compressed(gzipSync(Buffer.alloc(2 ** 20 + 1)));
    expect(await post(bomb, { 'grpc-encoding': 'gzip' })).toMatchObject(tooLarge);
    expect(receiver.stats()).toMatchObject({ heldBytes: 0, rejected: 2 });
  });

  it('answers DEADLINE_EXCEEDED if the body does not come', async () => {
    await open({ limits: { bodyTimeoutMs: 20 } });
    const stream = request();
    stream.write(Buffer.from([0]));
    expect(await answerOf(stream)).toMatchObject({ status: '4' });
    expect(receiver.stats().heldBytes).toBe(0);
  });

  it('asks clients to retry if it holds too many bytes', async () => {
    await open({ limits: { maxHeldBytes: 1000 } });
    const answer = await post(frame(Buffer.alloc(1001)));
    expect(answer.status).toBe('14');
    expect(decodeStatus(answer.details).retryAfterMs).toBe(1000);
  });

  it('answers INTERNAL if onExport throws', async () => {
    await open();
    reply = () => Promise.reject(new Error('secret of the store'));
    expect(await post(frame(ONE_SPAN))).toMatchObject({ status: '13', message: 'internal error' });
    expect(receiver.stats()).toMatchObject({ failed: 1, heldBytes: 0 });
  });

  it('may leave a request without an answer, and still answers others', async () => {
    await open();
    const hanging = new Promise<void>((resolve) => {
      reply = () => {
        resolve();
        return { kind: 'hang' };
      };
    });
    const stream = request({ ':path': LOGS });
    stream.end(frame(new Uint8Array()));
    await hanging;
    reply = () => ({ kind: 'accepted' });
    expect(await post(frame(ONE_SPAN))).toMatchObject({ status: '0' });
    expect(stream.closed).toBe(false);
    const answer = answerOf(stream);
    await receiver.close();
    expect((await answer).status).toBeUndefined();
  });

  it('opens windows that are large enough for a large batch', async () => {
    await open();
    const [settings] = (await once(session, 'remoteSettings')) as [{ initialWindowSize?: number }];
    expect(settings.initialWindowSize).toBe(8 * 2 ** 20);
    const large = Buffer.concat([
      ONE_SPAN,
      Buffer.from([0x12]),
      Buffer.from('80808005', 'hex'),
      Buffer.alloc(10 * 2 ** 20),
    ]);
    expect(await post(frame(large))).toMatchObject({ status: '0' });
    expect(session.state.remoteWindowSize).toBeGreaterThan(2 ** 24);
  });

  it('releases a request whose client disconnects', async () => {
    await open();
    request().write(frame(ONE_SPAN));
    await until(() => receiver.stats().heldBytes === 11);
    session.destroy();
    await until(() => receiver.stats().connections === 0);
    expect(receiver.stats()).toMatchObject({ heldBytes: 0, accepted: 0, rejected: 0 });
    session = connectHttp2(`http://127.0.0.1:${port}`);
    expect(await post(frame(ONE_SPAN))).toMatchObject({ status: '0' });
  });

  it('closes connections that speak another protocol', async () => {
    await open();
    for (const hello of [
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      Buffer.from('1603010200010001fc0303', 'hex'),
    ]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.write(hello);
      await closed(socket);
    }
    expect(await post(frame(ONE_SPAN))).toMatchObject({ status: '0' });
  });
});
