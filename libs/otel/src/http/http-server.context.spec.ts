import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Body, Catch, Controller, Get, Injectable, Param, Post } from '@nestjs/common';
import { UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import type { ArgumentsHost, CallHandler, CanActivate, ExceptionFilter } from '@nestjs/common';
import type { ExecutionContext, NestInterceptor, PipeTransform } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { propagation, trace } from '@opentelemetry/api';
import { defer, from, retry, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp, MakeAdapter } from './fixtures/http-app.js';

const activeTrace = (): string => trace.getActiveSpan()?.spanContext().traceId ?? 'none';

/** The active trace that each part of Nest saw during one request. */
let seen: Record<string, string> = {};

@Injectable()
class SeeingGuard implements CanActivate {
  // oxlint-disable-next-line typescript/class-methods-use-this
  async canActivate(): Promise<boolean> {
    await wait(1);
    seen['guard'] = activeTrace();
    return true;
  }
}

@Injectable()
class SeeingPipe implements PipeTransform<string> {
  // oxlint-disable-next-line typescript/class-methods-use-this
  transform(value: string): string {
    seen['pipe'] = activeTrace();
    return value;
  }
}

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  // oxlint-disable-next-line typescript/class-methods-use-this
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen['interceptor'] = activeTrace();
    let tries = 0;
    return defer(() => {
      seen[`subscription ${++tries}`] = activeTrace();
      return next.handle();
    }).pipe(retry({ count: 1, delay: 1 }));
  }
}

class Sold extends Error {}

@Catch(Sold)
class SeeingFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(_thrown: Sold, host: ArgumentsHost): void {
    seen['filter'] = activeTrace();
    this.#host.httpAdapter.reply(host.switchToHttp().getResponse(), activeTrace(), 410);
  }
}

@Controller()
class StationsController {
  @Get('stations/:id')
  @UseGuards(SeeingGuard)
  @UseInterceptors(SeeingInterceptor)
  @UseFilters(SeeingFilter)
  async stations(@Param('id', SeeingPipe) _id: string): Promise<never> {
    seen['handler'] = activeTrace();
    await wait(1);
    seen['timer'] = activeTrace();
    throw new Sold();
  }

  @Post('echo')
  echo(@Body() body: { readonly n: number }): Observable<unknown> {
    const inHandler = activeTrace();
    return timer(body.n % 5).pipe(
      mergeMap(() => from(wait(1, body.n))),
      map((n) => ({ n, inHandler, later: activeTrace() })),
    );
  }

  @Get('trace')
  trace(): string {
    return activeTrace();
  }

  @Get('baggage')
  baggage(): string {
    return propagation.getActiveBaggage()?.getEntry('user')?.value ?? 'none';
  }
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const traceIdOf = (n: number): string => (0x10000 + n).toString(16).padStart(32, '0');

describe.each(platforms)('the context of a request on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(makeAdapter, {
      controllers: [StationsController],
      configure: (consumer) =>
        consumer
          .apply((_req: unknown, _res: unknown, next: () => void) => {
            seen['middleware'] = activeTrace();
            next();
          })
          .forRoutes('stations/*path'),
    });
  });
  beforeEach(async () => {
    seen = {};
    await http.telemetry.reset();
  });
  afterAll(() => http.close());

  const spanCount = (count: number) => http.telemetry.waitForSpans(count);

  it('is active in middleware, guards, interceptors, pipes, handlers, timers and filters', async () => {
    const response = await fetch(`${http.url}/stations/1`);
    expect(response.status).toBe(410);
    const [span] = await spanCount(1);
    const stations = ['middleware', 'guard', 'interceptor', 'pipe', 'handler', 'timer', 'filter'];
    const subscriptions = ['subscription 1', 'subscription 2'];
    expect(Object.keys(seen).toSorted()).toEqual([...stations, ...subscriptions].toSorted());
    expect(new Set(Object.values(seen))).toEqual(new Set([span?.spanContext().traceId]));
    expect(await response.text()).toBe(span?.spanContext().traceId);
  });

  it('continues the trace and the baggage of the caller', async () => {
    const headers = { traceparent: TRACEPARENT, baggage: 'user=ann' };
    expect(await (await fetch(`${http.url}/baggage`, { headers })).text()).toBe('ann');
    const [span] = await spanCount(1);
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
  });

  it.each([
    'junk',
    `${TRACEPARENT}, ${TRACEPARENT}`,
    TRACEPARENT.toUpperCase(),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    '0'.repeat(10_000),
  ])('begins a new trace if traceparent is invalid (%#)', async (traceparent) => {
    await (await fetch(`${http.url}/trace`, { headers: { traceparent } })).text();
    const [span] = await spanCount(1);
    expect(span?.parentSpanContext).toBeUndefined();
    expect(span?.spanContext().traceId).not.toBe(TRACE);
  });

  it('is separate for each of 1,000 requests, 250 at the same time', async () => {
    const echo = async (n: number): Promise<unknown> => {
      const traceparent = `00-${traceIdOf(n)}-b7ad6b7169203331-01`;
      const response = await fetch(`${http.url}/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent },
        body: JSON.stringify({ n }),
      });
      return response.json();
    };
    const answers: unknown[] = [];
    // 250 is half of the connections that a busy server can have waiting before the system resets some.
    for (let first = 0; first < 1000; first += 250) {
      const wave = Array.from({ length: 250 }, (_, at) => echo(first + at));
      answers.push(...(await Promise.all(wave)));
    }
    expect(answers).toEqual(
      answers.map((_, n) => ({ n, inHandler: traceIdOf(n), later: traceIdOf(n) })),
    );
    expect(await spanCount(1000)).toHaveLength(1000);
    expect(http.inFlight.count).toBe(0);
  });

  it('is separate for each of 1,000 requests that are pipelined on ten connections', async () => {
    const talk = async (connection: number): Promise<string> => {
      const socket = connect(http.port, '127.0.0.1');
      const numbers = Array.from({ length: 100 }, (_, at) => connection * 100 + at);
      const body = (n: number): string => JSON.stringify({ n });
      socket.write(
        numbers
          .map((n) =>
            [
              'POST /echo HTTP/1.1',
              'Host: shop.test',
              'Content-Type: application/json',
              `Content-Length: ${body(n).length}`,
              `traceparent: 00-${traceIdOf(n)}-b7ad6b7169203331-01`,
              ...(n % 100 === 99 ? ['Connection: close'] : []),
              '',
              body(n),
            ].join('\r\n'),
          )
          .join(''),
      );
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      return text;
    };
    const texts = await Promise.all(Array.from({ length: 10 }, (_, n) => talk(n)));
    const found = [...texts.join('').matchAll(/\{"n":(\d+),"inHandler":"(\w+)","later":"(\w+)"/g)];
    expect(found).toHaveLength(1000);
    expect(
      found.filter(([, n, a, b]) => a !== traceIdOf(Number(n)) || b !== traceIdOf(Number(n))),
    ).toEqual([]);
    const spans = await spanCount(1000);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1000);
    expect(new Set(spans.map((span) => span.name))).toEqual(new Set(['POST /echo']));
    expect(http.inFlight.count).toBe(0);
  });

  it('is also set for a server of the app that Nest does not know', async () => {
    await http.app.init();
    const instance = http.app.getHttpAdapter().getInstance() as RequestListener & {
      routing?: RequestListener;
    };
    const foreign = createServer(instance.routing ?? instance).listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    const { port } = foreign.address() as AddressInfo;
    const traceId = await (await fetch(`http://127.0.0.1:${port}/trace`)).text();
    const [span] = await spanCount(1);
    expect(span?.name).toBe('GET /trace');
    expect(span?.spanContext().traceId).toBe(traceId);
    foreign.closeAllConnections();
    foreign.close();
    await once(foreign, 'close');
  });

  it('is not set for servers outside the app', async () => {
    const foreign = createServer((_req, res) => res.end(activeTrace())).listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    const { port } = foreign.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}/trace`)).text()).toBe('none');
    expect(http.telemetry.finishedSpans()).toEqual([]);
    foreign.closeAllConnections();
    foreign.close();
    await once(foreign, 'close');
  });
});

describe('the context of a request over HTTP/2', () => {
  it('belongs to a span with route and status', async () => {
    const makeAdapter = (() => new FastifyAdapter({ http2: true })) as unknown as MakeAdapter;
    const http = await startHttpApp(makeAdapter, { controllers: [StationsController] });
    const session = connectHttp2(http.url);
    const stream = session.request({ ':path': '/trace', traceparent: TRACEPARENT });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    const [span] = await http.telemetry.waitForSpans(1);
    session.close();
    await once(session, 'close');
    await http.close();
    expect(text).toBe(TRACE);
    expect(span?.name).toBe('GET /trace');
    expect(span?.status).toEqual({ code: 0 });
    expect(span?.attributes).toMatchObject({
      'network.protocol.version': '2',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': http.port,
      'http.route': '/trace',
    });
  });
});
