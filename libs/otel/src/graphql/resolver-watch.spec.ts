import {
  Body,
  Catch,
  Controller,
  HttpCode,
  Injectable,
  InternalServerErrorException,
  NotFoundException,
  Post,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { CanActivate, ExceptionFilter } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { ServerResponse } from 'node:http';
import { Span } from '../decorators/span.decorator.js';
import { platforms, startHttpApp } from '../http/fixtures/http-app.js';
import type { HttpApp } from '../http/fixtures/http-app.js';

/** Sets the metadata that `@Query()` of @nestjs/graphql sets. */
const Query =
  (): MethodDecorator =>
  (_target, _name, { value }) =>
    Reflect.defineMetadata('graphql:resolver_type', 'Query', value as object);

class DatabaseError extends Error {
  override name = 'error';
  code = '23505';
}
/** An error like that of the package graphql, which is recognised by its `extensions`. */
class GraphQLError extends Error {
  readonly extensions: object;
  constructor(extensions: object) {
    super('refused');
    this.extensions = extensions;
  }
}
const failing = (make: () => unknown) => (): never => {
  throw make();
};

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate = failing(() => new RangeError('the guard broke'));
}

@Catch()
class Masking implements ExceptionFilter {
  catch = (): Error => new Error('masked');
}

class Repository {
  @Span()
  read(): never {
    throw new DatabaseError('below');
  }
}

@Injectable()
class Orders {
  readonly #repository = new Repository();

  @Query()
  pg(): never {
    throw new DatabaseError('dup');
  }
  @Query()
  async later(): Promise<never> {
    await Promise.resolve();
    throw new TypeError('later');
  }
  @Query()
  text(): never {
    throw 'oops' as unknown;
  }
  @Query()
  @UseGuards(BrokenGuard)
  guarded(): string {
    return 'never';
  }
  @Query()
  @UseFilters(Masking)
  masked(): never {
    throw new DatabaseError('seen before the filter');
  }
  @Query()
  below(): never {
    return this.#repository.read();
  }
  @Query()
  broken(): never {
    throw new InternalServerErrorException('broken');
  }
  @Query()
  missing(): never {
    throw new NotFoundException();
  }
  @Query()
  forbidden(): never {
    throw new GraphQLError({ code: 'FORBIDDEN' });
  }
  @Query()
  teapot(): never {
    throw new GraphQLError({ code: 'MINE', http: { status: 418 } });
  }
  @Query()
  internal(): never {
    throw new GraphQLError({ code: 'INTERNAL_SERVER_ERROR' });
  }
  @Query()
  well(): string {
    return 'well';
  }
}

interface Asked {
  readonly fields: readonly (keyof Orders)[];
  readonly status?: number;
  /** Sends the answer in parts, like `@defer`. */
  readonly streams?: boolean;
}

/** Runs resolvers like @nestjs/graphql, and answers 200 even if they fail, like GraphQL over HTTP. */
@Controller()
class Endpoint {
  readonly #creator: ExternalContextCreator;
  readonly #orders: Orders;

  constructor(creator: ExternalContextCreator, orders: Orders) {
    this.#creator = creator;
    this.#orders = orders;
  }

  @Post('graphql')
  @HttpCode(200)
  async query(
    @Body() { fields, status = 200, streams = false }: Asked,
    @Res() reply: ServerResponse & { readonly raw?: ServerResponse },
  ): Promise<void> {
    const res = reply.raw ?? reply;
    res.statusCode = status;
    if (streams) res.write('{');
    let failed = 0;
    for (const field of fields) {
      const run = this.#creator.create(
        this.#orders,
        this.#orders[field] as (...args: unknown[]) => unknown,
        field,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        'graphql',
      );
      await run().catch(() => (failed += 1));
    }
    res.end(JSON.stringify({ failed }));
  }
}

describe.each(platforms)('resolvers of GraphQL on %s', (_name, makeAdapter) => {
  let app: HttpApp;
  const start = async (variables: NodeJS.ProcessEnv = {}): Promise<void> => {
    const parts = { controllers: [Endpoint], providers: [Orders], env: variables };
    app = await startHttpApp(makeAdapter, parts);
    app.app.useLogger(false);
  };
  afterEach(() => app.close());

  const query = async (asked: Asked): Promise<ReadableSpan> => {
    await app.telemetry.reset();
    const answer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    expect(answer.status).toBe(asked.status ?? 200);
    await answer.text();
    const spans = await app.telemetry.waitForSpans(asked.fields.includes('below') ? 2 : 1);
    return spans.find(({ name }) => name === 'POST /graphql')!;
  };
  const events = ({ events: all }: ReadableSpan): unknown[] =>
    all.map(({ attributes = {} }) => [
      attributes['exception.type'],
      attributes['exception.message'],
    ]);

  it('record their exceptions on the span of the request, which still succeeds', async () => {
    await start();
    const span = await query({ fields: ['pg', 'well', 'later', 'text', 'guarded', 'broken'] });
    expect(events(span)).toEqual([
      ['DatabaseError', 'dup'],
      ['TypeError', 'later'],
      ['_OTHER', 'oops'],
      ['RangeError', 'the guard broke'],
      ['InternalServerErrorException', 'broken'],
    ]);
    expect(span.events[0]?.attributes?.['nestlens.exception.code']).toBe('23505');
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).not.toHaveProperty('error.type');
    expect(events(await query({ fields: ['internal', 'masked'] }))).toEqual([
      ['GraphQLError', 'refused'],
      ['DatabaseError', 'seen before the filter'],
    ]);
    const streamed = await query({ fields: ['pg'], streams: true });
    expect([events(streamed).length, streamed.status.code]).toEqual([1, SpanStatusCode.UNSET]);
  });

  it('record no exception for a fault of the client, nor one that an inner span has recorded', async () => {
    await start();
    const span = await query({ fields: ['missing', 'forbidden', 'teapot', 'below'] });
    expect(events(span)).toEqual([]);
  });

  it('record an exception once on a request that fails, and name its type', async () => {
    await start();
    const span = await query({ fields: ['pg'], status: 500 });
    expect(events(span)).toEqual([['DatabaseError', 'dup']]);
    expect(span.attributes['error.type']).toBe('DatabaseError');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'dup' });
  });

  it('make log records of their exceptions if the opt-in variable asks for them', async () => {
    await start({ OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: 'logs' });
    const span = await query({ fields: ['pg', 'later'] });
    expect(events(span)).toEqual([]);
    const records = app.telemetry.logRecords();
    expect(records.map(({ attributes }) => attributes['exception.type'])).toEqual([
      'DatabaseError',
      'TypeError',
    ]);
    const ids = new Set(records.map(({ spanContext }) => spanContext?.spanId));
    expect(ids).toEqual(new Set([span.spanContext().spanId]));
  });
});
