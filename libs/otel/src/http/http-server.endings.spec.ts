import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { EMPTY, NEVER, concat, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

interface AnyResponse {
  readonly raw?: AnyResponse;
  write(chunk: string): void;
  end(chunk?: string): void;
  destroy(): void;
}

let arrived: () => void = () => {};
/** Resolves when the handler of `/never` starts. */
const arrival = (): Promise<void> =>
  new Promise((resolve) => {
    arrived = resolve;
  });

@Controller()
class EndingsController {
  @Get('ok')
  ok(): string {
    return 'ok';
  }

  @Get('never')
  never(): Promise<never> {
    arrived();
    return new Promise(() => {});
  }

  @Get('own')
  own(@Res() res: AnyResponse): void {
    const raw = res.raw ?? res;
    raw.write('own');
    setTimeout(() => raw.end(), 1);
  }

  @Get('cut')
  cut(@Res() res: AnyResponse): void {
    const raw = res.raw ?? res;
    raw.write('half');
    setTimeout(() => raw.destroy(), 1);
  }

  @Get('half')
  half(@Res() res: AnyResponse): void {
    (res.raw ?? res).write('half');
  }

  @Get('file')
  @Header('content-type', 'text/plain')
  file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.alloc(200_000), Buffer.alloc(200_000)]));
  }

  @Get('unchanged')
  @HttpCode(304)
  unchanged(): void {}

  @Sse('events')
  events(): Observable<MessageEvent> {
    return concat(of({ data: 'first' }), NEVER);
  }

  @Sse('short')
  short(): Observable<MessageEvent> {
    return concat(of({ data: 'first' }), EMPTY);
  }

  @Sse('failing')
  failing(): Observable<MessageEvent> {
    return concat(
      of({ data: 'first' }),
      throwError(() => new RangeError('the source dried up')),
    );
  }

  @Post('body')
  body(@Body() body: { readonly n?: number }): string {
    return String(body.n);
  }
}

const request = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'Host: shop.test', ...headers, '', ''].join('\r\n');

describe.each(platforms)('the end of a server span on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(makeAdapter, { controllers: [EndingsController] });
  });
  beforeEach(() => http.telemetry.reset());
  afterAll(() => http.close());

  const open = async (): Promise<Socket> => {
    const socket = connect(http.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  /** Reads until `isEnough` accepts the text. */
  const read = async (socket: Socket, isEnough: (text: string) => boolean): Promise<string> => {
    let text = '';
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      if (isEnough(text)) return text;
    }
    return text;
  };
  const spanOf = async (): Promise<ReadableSpan> => (await http.telemetry.waitForSpans(1))[0]!;
  const outcomeOf = (span: ReadableSpan): unknown => ({
    status: span.attributes['http.response.status_code'],
    error: span.attributes['error.type'],
    code: span.status.code,
  });
  const success = (status: number): unknown => ({
    status,
    error: undefined,
    code: SpanStatusCode.UNSET,
  });

  it.each([
    ['/own', 'GET', 200],
    ['/file', 'GET', 200],
    ['/short', 'GET', 200],
    ['/unchanged', 'GET', 304],
    ['/ok', 'HEAD', 200],
  ])('comes with the last byte of %s (%s)', async (path, method, status) => {
    const response = await fetch(http.url + path, { method });
    await response.arrayBuffer();
    expect(outcomeOf(await spanOf())).toEqual(success(status));
  });

  it('is no error if the client leaves an event stream', async () => {
    const abort = new AbortController();
    const response = await fetch(`${http.url}/events`, { signal: abort.signal });
    await response.body!.getReader().read();
    expect(http.telemetry.finishedSpans()).toEqual([]);
    expect(http.inFlight.count).toBe(1);
    abort.abort();
    expect(outcomeOf(await spanOf())).toEqual(success(200));
  });

  it('is an error if the source of an event stream fails', async () => {
    await (await fetch(`${http.url}/failing`)).text().catch(() => '');
    const span = await spanOf();
    expect(span.attributes).toMatchObject({
      'error.type': 'RangeError',
      'http.response.status_code': 200,
    });
    expect(span.events[0]?.attributes?.['exception.message']).toBe('the source dried up');
  });

  it('comes if the client leaves before the answer', async () => {
    const socket = await open();
    const begun = arrival();
    socket.write(request('GET /never'));
    await begun;
    socket.destroy();
    const span = await spanOf();
    expect(span.attributes['error.type']).toBe('client_disconnected');
    expect(span.attributes).not.toHaveProperty('http.response.status_code');
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    expect(span.name).toBe('GET /never');
  });

  it('comes if the client leaves in the middle of the answer', async () => {
    const socket = await open();
    socket.write(request('GET /half'));
    await read(socket, (text) => text.includes('half'));
    socket.destroy();
    const span = await spanOf();
    expect(span.attributes).toMatchObject({
      'error.type': 'client_disconnected',
      'http.response.status_code': 200,
    });
  });

  it('comes if the client leaves in the middle of its body', async () => {
    const socket = await open();
    socket.write(
      request('POST /body', 'Content-Type: application/json', 'Content-Length: 100') + '{"n":',
    );
    socket.end();
    const span = await spanOf();
    expect(span.attributes['http.request.method']).toBe('POST');
    socket.destroy();
  });

  it('is an error if the server cuts the answer off', async () => {
    await (await fetch(`${http.url}/cut`)).text().catch(() => '');
    expect((await spanOf()).attributes['error.type']).toBe('server_disconnected');
  });

  it('comes for each request of a kept connection', async () => {
    const socket = await open();
    for (const path of ['/ok', '/nowhere', '/ok']) {
      socket.write(request(`GET ${path}`));
      await read(socket, (text) => text.includes('\r\n\r\n') && /ok$|}$/.test(text));
    }
    socket.destroy();
    const spans = await http.telemetry.waitForSpans(3);
    expect(spans.map((span) => span.name)).toEqual(['GET /ok', 'GET', 'GET /ok']);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(3);
  });

  it('comes for each pipelined request, even if the client leaves', async () => {
    const socket = await open();
    const begun = arrival();
    socket.write(request('GET /ok') + request('GET /never') + request('GET /ok').repeat(20));
    await begun;
    await read(socket, (text) => text.endsWith('ok'));
    socket.destroy();
    const spans = await http.telemetry.waitForSpans(22);
    expect(spans).toHaveLength(22);
    const failed = spans.filter((span) => span.attributes['error.type'] !== undefined);
    expect(failed.length).toBeGreaterThanOrEqual(1);
    expect(failed[0]?.attributes['error.type']).toBe('client_disconnected');
  });

  it.each([
    ['waits for 100-continue', ['Expect: 100-continue'], '{"n":1}', 201],
    ['expects something unknown', ['Expect: the-impossible'], '{"n":1}', 417],
  ])('comes if a client %s', async (_what, headers, body, status) => {
    const socket = await open();
    socket.write(
      request(
        'POST /body',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
        ...headers,
      ),
    );
    await read(socket, (text) => text.includes('\r\n\r\n'));
    socket.end(body);
    expect(outcomeOf(await spanOf())).toEqual(success(status));
    socket.destroy();
  });

  it.each([
    ['GET http:// HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['GET http://user:word@b.test/ok?x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['GET //x HTTP/1.1\r\nHost: <script>:99999999\r\n\r\n'],
    ['GET /% HTTP/1.1\r\nHost: \r\n\r\n'],
    ['GET /ok HTTP/1.0\r\n\r\n'],
    ['GET /ok HTTP/1.1\r\nNo-Host: a\r\n\r\n'],
    ['GET /ok HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n'],
  ])('comes after the request line %j', async (text) => {
    const socket = await open();
    socket.write(text);
    const answer = await read(socket, (so_far) => so_far.includes('\r\n\r\n'));
    const span = await spanOf();
    expect(answer).toContain(` ${String(span.attributes['http.response.status_code'])} `);
    expect(JSON.stringify(span.attributes)).not.toContain('word');
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    socket.destroy();
  });

  it('does not come for a request that Node refuses, since there is no span', async () => {
    const socket = await open();
    socket.write(request('GET /ok', `X-Long: ${'x'.repeat(17_000)}`));
    expect(await read(socket, (text) => text.includes('\r\n\r\n'))).toContain(' 431 ');
    expect(http.telemetry.finishedSpans()).toEqual([]);
    socket.destroy();
  });

  it('removes each request from the work in flight', () => {
    expect(http.inFlight.count).toBe(0);
  });
});
