import {
  BadGatewayException,
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import type { ArgumentsHost, CanActivate, ExceptionFilter, PipeTransform } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { throwError, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import { mergeMap } from 'rxjs/operators';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp, HttpAppParts } from './fixtures/http-app.js';

class StockError extends Error {}
class GuardError extends Error {}
class MiddlewareError extends Error {}
class Teapot extends Error {}

const failing = (error: Error): (() => never) => {
  return () => {
    throw error;
  };
};

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate = failing(new GuardError('the guard broke'));
}

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate = failing(new ForbiddenException());
}

@Injectable()
class BrokenPipe implements PipeTransform {
  transform = failing(new StockError('the pipe broke'));
}

@Catch(Teapot)
class TeapotFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(_thrown: Teapot, host: ArgumentsHost): void {
    this.#host.httpAdapter.reply(host.switchToHttp().getResponse(), 'short and stout', 418);
  }
}

@Catch()
class EveryFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost;

  constructor(host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(_thrown: unknown, host: ArgumentsHost): void {
    this.#host.httpAdapter.reply(host.switchToHttp().getResponse(), 'sorry', 503);
  }
}

@Catch(Teapot)
class BrokenFilter implements ExceptionFilter {
  catch = failing(new StockError('the filter broke'));
}

@Controller()
class OutcomesController {
  @Get('ok')
  ok(): string {
    return 'ok';
  }

  @Get('broken')
  broken(): never {
    throw new StockError('out of stock');
  }

  @Get('broken-later')
  later(): Observable<never> {
    return timer(1).pipe(mergeMap(() => throwError(() => new StockError('later'))));
  }

  @Get('gateway')
  gateway(): never {
    throw new BadGatewayException('the bank is closed');
  }

  @Get('text')
  text(): never {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
    throw 'just text';
  }

  @Get('unasked')
  @HttpCode(503)
  unasked(): string {
    return 'not now';
  }

  @Get('number/:n')
  number(@Param('n', ParseIntPipe) n: number): number {
    return n;
  }

  @Get('guard')
  @UseGuards(BrokenGuard)
  guard(): void {}

  @Get('closed')
  @UseGuards(ClosedGuard)
  closed(): void {}

  @Get('pipe/:n')
  @UsePipes(BrokenPipe)
  pipe(@Param('n') n: string): string {
    return n;
  }

  @Get('teapot')
  @UseFilters(TeapotFilter)
  teapot(): never {
    throw new Teapot();
  }

  @Get('filter')
  @UseFilters(BrokenFilter)
  filter(): never {
    throw new Teapot();
  }

  @Get('guard-and-filter')
  @UseGuards(BrokenGuard)
  @UseFilters(EveryFilter)
  guardAndFilter(): void {}

  @Get('middleware')
  middleware(): void {}

  @Post('body')
  body(): string {
    return 'read';
  }

  @Post('bad')
  bad(): never {
    throw new BadRequestException();
  }
}

const parts: HttpAppParts = {
  controllers: [OutcomesController],
  configure: (consumer) =>
    consumer
      .apply((_req: unknown, _res: unknown, next: (error: Error) => void) =>
        next(new MiddlewareError('the middleware broke')),
      )
      .forRoutes('middleware'),
};

describe.each(platforms)('the outcome of a server span on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  beforeAll(async () => {
    http = await startHttpApp(makeAdapter, parts);
  });
  beforeEach(() => http.telemetry.reset());
  afterAll(() => http.close());

  const spanOf = async (path: string, init: RequestInit = {}): Promise<ReadableSpan> => {
    await (await fetch(http.url + path, init)).text();
    return (await http.telemetry.waitForSpans(1))[0]!;
  };

  it('has the attributes of the conventions', async () => {
    const span = await spanOf('/ok?page=2', { headers: { 'user-agent': 'spec' } });
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.events).toEqual([]);
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/ok',
      'url.path': '/ok',
      'url.query': 'page=2',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': http.port,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': expect.any(Number),
      'network.protocol.version': '1.1',
      'user_agent.original': 'spec',
      'code.function.name': 'OutcomesController.ok',
      'nestjs.controller': 'OutcomesController',
      'nestjs.callback': 'ok',
    });
  });

  it.each([
    ['/broken', 'StockError', 'out of stock', 500],
    ['/broken-later', 'StockError', 'later', 500],
    ['/gateway', 'BadGatewayException', 'the bank is closed', 502],
    ['/text', '_OTHER', 'just text', 500],
    ['/guard', 'GuardError', 'the guard broke', 500],
    ['/pipe/1', 'StockError', 'the pipe broke', 500],
    ['/filter', 'StockError', 'the filter broke', 500],
    ['/guard-and-filter', 'GuardError', 'the guard broke', 503],
    ['/middleware', 'MiddlewareError', 'the middleware broke', 500],
  ])('is, for %s, %s with the message %s, recorded once', async (path, type, message, status) => {
    const span = await spanOf(path);
    expect(span.attributes).toMatchObject({
      'error.type': type,
      'http.response.status_code': status,
    });
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message });
    expect(span.events).toHaveLength(1);
    expect(span.events[0]).toMatchObject({
      name: 'exception',
      attributes: { 'exception.type': type, 'exception.message': message },
    });
    const stack = span.events[0]?.attributes?.['exception.stacktrace'];
    expect(type === '_OTHER' ? 'http-server.outcomes.spec' : stack).toContain('outcomes.spec');
  });

  it.each([
    ['/nowhere', {}, 404],
    ['/closed', {}, 403],
    ['/number/x', {}, 400],
    ['/teapot', {}, 418],
    ['/bad', { method: 'POST' }, 400],
    ['/body', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 400],
    [
      '/body',
      {
        method: 'POST',
        body: JSON.stringify('x'.repeat(2_000_000)),
        headers: { 'content-type': 'application/json' },
      },
      413,
    ],
  ])('is no error for %s (%o)', async (path, init, status) => {
    const span = await spanOf(path, init);
    expect(span.attributes['http.response.status_code']).toBe(status);
    expect(span.attributes).not.toHaveProperty('error.type');
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.events).toEqual([]);
  });

  it('has the status code as error type if nothing was thrown', async () => {
    const span = await spanOf('/unasked');
    expect(span.attributes['error.type']).toBe('503');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.events).toEqual([]);
  });
});

describe.each([
  ['logs', 0],
  ['logs/dup', 1],
])('exceptions with OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN=%s', (optIn, events) => {
  it('are log records in the context of the span', async () => {
    const http = await startHttpApp(platforms[0][1], {
      ...parts,
      env: { OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: optIn },
    });
    await fetch(`${http.url}/guard`);
    const [span] = await http.telemetry.waitForSpans(1);
    const [record] = http.telemetry.logRecords();
    await http.close();
    expect(record).toMatchObject({
      eventName: 'http.server.request.exception',
      severityNumber: 17,
      attributes: { 'exception.type': 'GuardError', 'exception.message': 'the guard broke' },
    });
    expect(record?.spanContext?.spanId).toBe(span?.spanContext().spanId);
    expect(span?.events).toHaveLength(events);
  });
});
