import { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { Controller, Get } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp } from './fixtures/http-app.js';

@Controller('cats')
class CatsController {
  @Get('broken')
  broken(): never {
    throw new RangeError('broken');
  }

  @Get(':id')
  one(): string {
    return 'cat';
  }
}

/** A request as serverless adapters make it from an event: its socket is a plain object that never emits `close`. */
const requestOf = (url: string): IncomingMessage => {
  const socket = { encrypted: true, remoteAddress: '192.0.2.7', end() {}, destroy() {} };
  const req = new IncomingMessage(socket as unknown as Socket);
  Object.assign(req, { method: 'GET', url, httpVersion: '1.1', headers: { host: 'shop.test' } });
  req.push(null);
  return req;
};

const responseTo = (req: IncomingMessage): ServerResponse => {
  const res = new ServerResponse(req);
  res.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }) as Socket);
  res.removeAllListeners('close');
  res.emit = ((event: string, ...args: unknown[]) =>
    event !== 'close' && ServerResponse.prototype.emit.call(res, event, ...args)) as never;
  return res;
};

describe('the spans of requests without a connection', () => {
  let http: HttpApp;

  afterEach(() => http.close());

  const outcomes = async (): Promise<unknown[]> => {
    const spans: readonly ReadableSpan[] = await http.telemetry.waitForSpans(3);
    return [
      ...spans.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]),
      http.inFlight.count,
    ];
  };
  const expected = [
    ['GET /cats/:id', 0, undefined],
    ['GET', 0, undefined],
    ['GET /cats/broken', 2, 'RangeError'],
    0,
  ];

  it.each(platforms)('end if the response never closes, on %s', async (name, makeAdapter) => {
    http = await startHttpApp(makeAdapter, { controllers: [CatsController] });
    const instance: unknown = http.app.getHttpAdapter().getInstance();
    const handle = (
      name === 'Fastify' ? (instance as { routing: unknown }).routing : instance
    ) as RequestListener;
    for (const path of ['/cats/7', '/nowhere', '/cats/broken']) {
      const req = requestOf(path);
      const res = responseTo(req);
      const finished = new Promise((resolve) => res.once('finish', resolve));
      handle(req as never, res as never);
      await finished;
    }
    expect(await outcomes()).toEqual(expected);
  });

  it('are no errors if inject() closes the response before it has finished', async () => {
    http = await startHttpApp(platforms[1][1], { controllers: [CatsController] });
    const app = http.app as NestFastifyApplication;
    for (const url of ['/cats/7', '/nowhere', '/cats/broken']) await app.inject({ url });
    expect(await outcomes()).toEqual(expected);
  });
});
