import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpCall, ONE_SPAN, PROTOBUF } from './fixtures/http-call.js';
import type { Call } from './fixtures/http-call.js';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver } from './receiver.js';
import type { ReceiverLimits } from './receiver-options.js';

let receiver: OtlpReceiver;
let port: number;

async function open(limits: Partial<ReceiverLimits> = {}): Promise<void> {
  receiver = createOtlpReceiver({
    grpcPort: false,
    httpPort: 0,
    onExport: () => ({ kind: 'accepted' }),
    limits,
  });
  port = (await receiver.start()).httpPort;
}

afterEach(() => receiver.close());

function send(call: Call) {
  return httpCall(port, call);
}

/** Writes `text` unchanged, and returns everything that comes back until the connection closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}

describe('OTLP/HTTP with hostile requests', () => {
  it('answers 413 for a body above the limit: by Content-Length, by size and inflated', async () => {
    await open({ maxBodyBytes: 2 ** 20 });
    const large = Buffer.alloc(2 ** 20 + 1);
    expect(await send({ body: large })).toMatchObject({ status: 413 });
    const chunked = { ...PROTOBUF, 'transfer-encoding': 'chunked' };
    expect(await send({ headers: chunked, body: large })).toMatchObject({ status: 413 });
    const gzip = { ...PROTOBUF, 'content-encoding': 'gzip' };
    expect(await send({ headers: gzip, body: gzipSync(large) })).toMatchObject({ status: 413 });
    expect(receiver.stats().heldBytes).toBe(0);
  });

  it('answers 413 to a client that reads the answer only after the whole body', async () => {
    await open({ maxBodyBytes: 2 ** 20 });
    const headers = { ...PROTOBUF, connection: 'close' };
    expect(await send({ headers, body: Buffer.alloc(2 * 2 ** 20) })).toMatchObject({ status: 413 });
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    const body = Buffer.alloc(2 * 2 ** 20);
    expect(await send({ headers: chunked, body })).toMatchObject({ status: 413 });
  });

  it('answers 413 before a body of 10 GB arrives', async () => {
    await open();
    const socket = connect(port, '127.0.0.1');
    const answer = new Promise<string>((resolve) =>
      socket.once('data', (chunk) => resolve(String(chunk))),
    );
    socket.write(
      `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('stops inflating a gzip bomb, by size and by ratio', async () => {
    await open();
    const headers = { ...PROTOBUF, 'content-encoding': 'gzip' };
    const member = gzipSync(Buffer.alloc(16 * 2 ** 20));
    const members = Array.from({ length: 64 }, () => member);
    expect(await send({ headers, body: Buffer.concat(members) })).toMatchObject({ status: 413 });
    expect(await send({ headers, body: gzipSync(Buffer.alloc(4 * 2 ** 20)) })).toMatchObject({
      status: 413,
    });
    expect(receiver.stats().heldBytes).toBe(0);
  });

  it('answers 413 for more records than its limit', async () => {
    await open({ maxRecords: 2 });
    expect(await send({ body: ONE_SPAN })).toMatchObject({ status: 413 });
  });

  it('answers 408 if the body does not come, then closes', async () => {
    await open({ bodyTimeoutMs: 20 });
    const head =
      'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    const answer = await raw(`${head}Content-Length: 10\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":4');
    expect(receiver.stats().heldBytes).toBe(0);
  });

  it('asks clients to retry if it holds too many bytes', async () => {
    await open({ maxHeldBytes: 1000 });
    const answer = await send({ body: Buffer.alloc(1001) });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it.each([
    [
      'a negative length',
      'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    ['no host', 'POST /v1/traces HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1.1 400 /],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1.1 400 /],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}`,
      /^HTTP\/1.1 431 /,
    ],
  ])('closes a connection with %s', async (_name, text, answer) => {
    await open();
    expect(
      await raw(text.replace('HTTP/1.1\r\n\r\n', 'HTTP/1.1\r\nConnection: close\r\n\r\n')),
    ).toMatch(answer);
  });
});
