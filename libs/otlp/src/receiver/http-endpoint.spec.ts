import { brotliCompressSync, gzipSync } from 'node:zlib';
import { decodeExportResponse } from '../wire/export-response.js';
import { httpCall, ONE_SPAN, PROTOBUF } from './fixtures/http-call.js';
import type { Call } from './fixtures/http-call.js';
import { createOtlpReceiver } from './receiver.js';
import type { OtlpReceiver } from './receiver.js';
import type { ExportReply, OtlpReceiverOptions, ReceivedExport } from './receiver-options.js';
import { decodeStatus, decodeStatusJson } from '../wire/status.js';

const JSON_TYPE = { 'content-type': 'application/json' };

let receiver: OtlpReceiver;
let port: number;
let received: ReceivedExport[];
let errors: unknown[];
let reply: () => ExportReply | Promise<ExportReply>;

async function open(options: Partial<OtlpReceiverOptions> = {}): Promise<void> {
  receiver = createOtlpReceiver({
    grpcPort: false,
    httpPort: 0,
    onExport: (each) => {
      received.push(each);
      return reply();
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  port = (await receiver.start()).httpPort;
}

beforeEach(() => {
  received = [];
  errors = [];
  reply = () => ({ kind: 'accepted' });
});

afterEach(() => receiver.close());

function send(call: Call) {
  return httpCall(port, call);
}

describe('OTLP/HTTP', () => {
  it('passes protobuf on, and answers in protobuf', async () => {
    await open();
    const answer = await send({ headers: { ...PROTOBUF, 'x-key': 'a' }, body: ONE_SPAN });
    expect(answer).toMatchObject({ status: 200, headers: PROTOBUF, body: Buffer.alloc(0) });
    expect(received).toMatchObject([
      { transport: 'http/protobuf', bytes: 6, headers: { 'x-key': 'a' } },
    ]);
    expect(received[0]?.request.groups[0]?.scopes[0]?.items).toHaveLength(1);
  });

  it('passes JSON on, and answers in JSON, on every path', async () => {
    await open();
    for (const [path, body] of [
      ['/v1/traces', '{"resourceSpans":[]}'],
      ['/v1/metrics', '{"resourceMetrics":[{}]}'],
      ['/v1/logs?x=1', '{}'],
    ] as const) {
      const headers = { 'content-type': 'Application/JSON; Charset="UTF-8"' };
      const answer = await send({ path, headers, body });
      expect(answer).toMatchObject({ status: 200, headers: JSON_TYPE });
      expect(answer.body.toString()).toBe('{}');
    }
    expect(received.map((each) => each.request.signal)).toEqual(['traces', 'metrics', 'logs']);
    expect(new Set(received.map((each) => each.transport))).toEqual(new Set(['http/json']));
  });

  it('accepts an empty body as an empty request', async () => {
    await open();
    expect(await send({})).toMatchObject({ status: 200 });
    expect(await send({ headers: JSON_TYPE })).toMatchObject({ status: 200 });
    expect(await send({ headers: { ...PROTOBUF, 'content-encoding': 'gzip' } })).toMatchObject({
      status: 200,
    });
    expect(received.map((each) => each.request.groups)).toEqual([[], [], []]);
  });

  it('inflates gzip, also with several members', async () => {
    await open();
    const headers = { ...PROTOBUF, 'content-encoding': 'gzip' };
    const body = Buffer.concat([gzipSync(ONE_SPAN.subarray(0, 2)), gzipSync(ONE_SPAN.subarray(2))]);
    expect(await send({ headers, body })).toMatchObject({ status: 200 });
    expect(received[0]?.bytes).toBe(body.length);
    expect(Buffer.from(received[0]?.raw ?? [])).toEqual(ONE_SPAN);
  });

  it('answers partial success in both formats', async () => {
    await open();
    reply = () => ({ kind: 'partial', rejected: 2, message: 'old' });
    const protobuf = await send({ body: ONE_SPAN });
    expect(decodeExportResponse(protobuf.body)).toEqual({ rejected: 2, message: 'old' });
    const json = await send({ path: '/v1/metrics', headers: JSON_TYPE, body: '{}' });
    expect(JSON.parse(json.body.toString())).toEqual({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'old' },
    });
  });

  it('answers a refusal with a Status and, if it may be retried, with Retry-After', async () => {
    await open();
    reply = () => ({ kind: 'refused', code: 14, message: 'full', retryAfterMs: 1500 });
    const protobuf = await send({ body: ONE_SPAN });
    expect(protobuf).toMatchObject({ status: 503, headers: { ...PROTOBUF, 'retry-after': '2' } });
    expect(decodeStatus(protobuf.body)).toMatchObject({ code: 14, message: 'full' });
    reply = () => ({ kind: 'refused', code: 16, message: 'who?' });
    const json = await send({ headers: JSON_TYPE, body: '{}' });
    expect(json).toMatchObject({ status: 401, headers: JSON_TYPE });
    expect(json.headers['retry-after']).toBeUndefined();
    expect(decodeStatusJson(json.body.toString())).toEqual({ code: 16, message: 'who?' });
    reply = () => ({ kind: 'refused', code: 14, httpStatus: 502, message: 'gateway' });
    expect(await send({ body: ONE_SPAN })).toMatchObject({ status: 502 });
  });

  it.each<[string, Call, number]>([
    ['invalid protobuf', { body: Buffer.from([0x0a, 0xff]) }, 400],
    ['invalid JSON', { headers: JSON_TYPE, body: '{"resourceSpans":' }, 400],
    ['JSON that is not UTF-8', { headers: JSON_TYPE, body: Buffer.from([0x7b, 0xff, 0x7d]) }, 400],
    ['invalid gzip', { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: 'text' }, 400],
    [
      'truncated gzip',
      { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: gzipSync('aa').subarray(0, 9) },
      400,
    ],
    [
      'gzip in gzip',
      { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: gzipSync(gzipSync(ONE_SPAN)) },
      400,
    ],
    [
      'brotli',
      { headers: { ...PROTOBUF, 'content-encoding': 'br' }, body: brotliCompressSync(ONE_SPAN) },
      415,
    ],
    ['gzip twice', { headers: { ...PROTOBUF, 'content-encoding': 'gzip, gzip' }, body: '' }, 415],
    ['text', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415],
    ['no type', { headers: {}, body: '{}' }, 415],
    [
      'UTF-16',
      { headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{}' },
      415,
    ],
    ['another path', { path: '/v1/trace' }, 404],
    ['a path below', { path: '/v1/traces/' }, 404],
    ['GET', { method: 'GET' }, 405],
    ['PUT', { method: 'PUT', body: ONE_SPAN }, 405],
    ['OPTIONS', { method: 'OPTIONS' }, 405],
    ['TRACE', { method: 'TRACE' }, 405],
    ['a page of another origin', { headers: { ...PROTOBUF, origin: 'https://evil.example' } }, 403],
    ['a page without origin', { headers: { ...PROTOBUF, origin: 'null' } }, 403],
    ['another host', { headers: { ...PROTOBUF, host: 'evil.example' } }, 403],
    [
      'a host that only starts like ours',
      { headers: { ...PROTOBUF, host: 'localhost.evil.example' } },
      403,
    ],
  ])('refuses %s with a Status and without Retry-After', async (_name, call, status) => {
    await open();
    const answer = await send(call);
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBeUndefined();
    const protobuf = answer.headers['content-type'] === 'application/x-protobuf';
    expect(protobuf).toBe((call.headers ?? PROTOBUF)['content-type'] === 'application/x-protobuf');
    const body = protobuf ? decodeStatus(answer.body) : decodeStatusJson(answer.body.toString());
    expect(body.code).toBeGreaterThan(0);
    expect(body.message).not.toBe('');
    expect(receiver.stats()).toMatchObject({ rejected: 1, heldBytes: 0 });
    expect(received).toEqual([]);
  });

  it('names the method that it accepts', async () => {
    await open();
    expect((await send({ method: 'GET' })).headers.allow).toBe('POST');
  });

  it.each([
    'localhost:1',
    '127.0.0.1',
    '127.9.9.9:4318',
    '[::1]:4318',
    'app.localhost',
    'lens.internal:80',
  ])('accepts the host %s', async (host) => {
    await open({ allowedHosts: ['Lens.internal'] });
    expect(await send({ headers: { ...PROTOBUF, host } })).toMatchObject({ status: 200 });
  });

  it('accepts web pages of this machine, and any host if the options allow it', async () => {
    await open({ allowedHosts: ['*'] });
    const headers = { ...PROTOBUF, origin: 'http://localhost:3000', host: 'anything' };
    expect(await send({ headers })).toMatchObject({ status: 200 });
  });

  it('answers 500 if onExport throws, and reports the exception', async () => {
    await open();
    reply = () => {
      throw new Error('secret of the store');
    };
    const answer = await send({ headers: JSON_TYPE, body: '{}' });
    expect(answer.status).toBe(500);
    expect(decodeStatusJson(answer.body.toString())).toEqual({
      code: 13,
      message: 'internal error',
    });
    expect(errors).toEqual([new Error('secret of the store')]);
    expect(receiver.stats().failed).toBe(1);
  });

  it('may leave a request without an answer until it closes, and may cut a connection', async () => {
    await open();
    const called = new Promise<void>((resolve) => {
      reply = () => {
        resolve();
        return { kind: 'hang' };
      };
    });
    const hanging = send({ body: ONE_SPAN }).catch((error: NodeJS.ErrnoException) => error.code);
    await called;
    reply = () => ({ kind: 'reset' });
    await expect(send({ body: ONE_SPAN })).rejects.toMatchObject({ code: 'ECONNRESET' });
    await receiver.close();
    expect(await hanging).toBe('ECONNRESET');
  });
});
