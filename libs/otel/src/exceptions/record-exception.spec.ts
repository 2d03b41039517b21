import { Writable } from 'node:stream';
import { Controller, Get, Injectable, InternalServerErrorException } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core/helpers/external-context-creator.js';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import pino from 'pino';
import winston from 'winston';
import { Span } from '../decorators/span.decorator.js';
import { Timed } from '../decorators/timed.decorator.js';
import { recordCrash } from '../exit/crash-record.js';
import { platforms, startHttpApp } from '../http/fixtures/http-app.js';
import type { HttpApp } from '../http/fixtures/http-app.js';
import { capturePino } from '../log-sources/pino-capture.js';
import { winstonTransport } from '../log-sources/winston-transport.js';
import { OtelLogger } from '../logging/otel-logger.js';
import { drive } from '../rpc/fixtures/drive.js';
import { bareClient, handlerEvents, startShop } from '../rpc/fixtures/shop.js';
import type { BareClient, Shop } from '../rpc/fixtures/shop.js';

class DatabaseError extends Error {
  override name = 'error';
  code = '23505';
}
/** The error that grpc-js makes: an Error with a numeric code. */
const serviceError = (): Error =>
  Object.assign(new Error('5 NOT_FOUND: no such order'), { code: 5, details: 'no such order' });
const fetchFailed = (): Error =>
  new TypeError('fetch failed', {
    cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  });

const given: { thrown?: unknown } = {};
const logger = new OtelLogger({ format: 'json', level: 'fatal', emit: true });

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
const pinoLogger = pino({}, nowhere());
const winstonLogger = winston.createLogger({ transports: [winstonTransport()] });

class Repository {
  @Span()
  @Timed()
  save(): never {
    throw given.thrown;
  }
}

@Injectable()
class Resolver {
  query(this: void): never {
    throw given.thrown;
  }
}
// This is the metadata that `@Query()` of @nestjs/graphql sets.
Reflect.defineMetadata('graphql:resolver_type', 'Query', Resolver.prototype.query);

@Controller()
class Doors {
  readonly #repository = new Repository();
  readonly #creator: ExternalContextCreator;
  readonly #resolver: Resolver;

  constructor(creator: ExternalContextCreator, resolver: Resolver) {
    this.#creator = creator;
    this.#resolver = resolver;
  }

  /** Answers 200 although the resolver fails, as GraphQL does. */
  @Get('graphql')
  async graphql(): Promise<void> {
    const { query } = Resolver.prototype;
    const all = [undefined, undefined, undefined, undefined, undefined] as const;
    const resolve = this.#creator.create(this.#resolver, query, 'query', ...all, 'graphql');
    await resolve().catch(() => {});
  }

  @Get('http')
  http(): never {
    throw given.thrown;
  }

  @Get('span')
  span(): never {
    return this.#repository.save();
  }

  @Get('all')
  all(): never {
    try {
      return this.#repository.save();
    } catch (error) {
      logger.fatal(error);
      logger.fatal(error);
      throw error;
    }
  }
}

const KEYS = ['exception.type', 'exception.message', 'exception.stacktrace', 'exception.code'];
const exceptionOf = (attributes: Attributes = {}): unknown[] =>
  KEYS.map((key) => attributes[key] ?? attributes[`nestlens.${key}`]);

describe('one exception over HTTP, gRPC, GraphQL, @Span, loggers and crashes', () => {
  let app: HttpApp;
  let shop: Shop;
  let client: BareClient;
  let stopPino: () => void;

  beforeAll(async () => {
    stopPino = capturePino();
    app = await startHttpApp(platforms[0][1], {
      controllers: [Doors],
      providers: [Resolver],
      // Each case resets the spans, but keeps the measurements.
      telemetry: { temporality: 'cumulative' },
    });
    app.app.useLogger(false);
    shop = await startShop({});
    client = bareClient(shop.port);
  });
  afterEach(() => app.telemetry.reset());
  afterAll(async () => {
    stopPino();
    client.close();
    await shop.close();
    await app.close();
  });

  const quietly = async (act: () => unknown): Promise<void> => {
    const write: unknown = Reflect.get(process.stderr, 'write');
    Reflect.set(process.stderr, 'write', () => true);
    await act();
    Reflect.set(process.stderr, 'write', write);
  };
  const spanOf = async (kind: SpanKind, act: () => unknown): Promise<ReadableSpan> => {
    await quietly(act);
    const spans = await app.telemetry.waitForSpans(1);
    const span = spans.find((each) => each.kind === kind);
    if (span === undefined) throw new Error('no such span');
    await app.telemetry.reset();
    return span;
  };

  it.each<[string, () => unknown, string, string | undefined]>([
    ['an error of pg', () => new DatabaseError('dup'), 'DatabaseError', '23505'],
    ['an error of gRPC', serviceError, 'Error', '5'],
    ['a failed fetch', fetchFailed, 'TypeError', 'ECONNREFUSED'],
    ['several errors', () => new AggregateError([new Error('a')]), 'AggregateError', undefined],
    [
      'a 5xx of Nest',
      () => new InternalServerErrorException('x'),
      'InternalServerErrorException',
      undefined,
    ],
    ['a text', () => 'oops', '_OTHER', undefined],
    ['null', () => null, '_OTHER', undefined],
  ])(
    'has the same type, message, stack and code everywhere: %s',
    async (_what, make, type, code) => {
      given.thrown = make();
      handlerEvents.thrown = given.thrown;
      const method = await spanOf(SpanKind.INTERNAL, () =>
        Promise.resolve()
          .then(() => new Repository().save())
          .catch(() => undefined),
      );
      const http = await spanOf(SpanKind.SERVER, () => fetch(`${app.url}/http`));
      const rpc = await spanOf(SpanKind.SERVER, () => drive(client, 'Get', 'thrown').ended);
      const graphql = await spanOf(SpanKind.SERVER, () => fetch(`${app.url}/graphql`));
      await quietly(() => logger.fatal(given.thrown));
      pinoLogger.fatal(given.thrown);
      winstonLogger.error(given.thrown as string);
      recordCrash(given.thrown, 'uncaughtException', ROOT_CONTEXT);
      const [nest, ofPino, ofWinston, crash] = app.telemetry.logRecords();

      const told = [method, http, rpc, graphql].map(({ events }) =>
        exceptionOf(events[0]?.attributes),
      );
      expect(told[0]?.[0]).toBe(type);
      expect(told[0]?.[3]).toBe(code);
      expect(told[1]).toEqual(told[0]);
      expect(told[2]).toEqual(told[0]);
      expect(told[3]).toEqual(told[0]);
      expect(exceptionOf(crash?.attributes)).toEqual(told[0]);
      // A logger takes a thrown text or null as its message.
      const logged = (given.thrown instanceof Error && told[0]) || KEYS.map(() => undefined);
      expect(exceptionOf(nest?.attributes)).toEqual(logged);
      expect(exceptionOf(ofWinston?.attributes)).toEqual(logged);
      // The record of pino comes from its printed line: type and code are the error's, pino makes message and stack.
      const [pinoType, , , pinoCode] = exceptionOf(ofPino?.attributes);
      expect([pinoType, pinoCode]).toEqual([logged[0], logged[3]]);
      for (const { attributes } of [method, http, rpc]) {
        expect(attributes['nestlens.exception.code']).toBe(code);
      }
      const measured = await app.telemetry.collectMetrics();
      const types = (name: string): unknown[] =>
        measured
          .filter((metric) => metric.descriptor.name === name)
          .flatMap(({ dataPoints }) =>
            dataPoints.map(({ attributes }) => attributes['error.type']),
          );
      expect(types('nestlens.method.duration')).toContain(type);
      expect(types('http.server.request.duration')).toContain(type);
      expect([method, http].map(({ attributes }) => attributes['error.type'])).toEqual([
        type,
        type,
      ]);
      // gRPC has sent a status, and the conventions name the span's error by that status.
      expect(rpc.attributes['error.type']).toBe('UNKNOWN');
    },
  );

  it('is recorded once in a trace, by its innermost span, and once in the logs', async () => {
    given.thrown = new DatabaseError('dup');
    await quietly(() => fetch(`${app.url}/all`));
    const [method, http] = await app.telemetry.waitForSpans(2);
    expect([method?.events.length, http?.events.length]).toEqual([1, 0]);
    expect([method, http].map((span) => span?.attributes['error.type'])).toEqual([
      'DatabaseError',
      'DatabaseError',
    ]);
    const types = app.telemetry.logRecords().map(({ attributes }) => attributes['exception.type']);
    expect(types).toEqual(['DatabaseError', 'DatabaseError']);
  });
});
