import { Controller, Get, Inject, Logger, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { LOG_LEVELS } from '../options/option-names.js';
import { LOGGER_SETTINGS, OtelLogger } from './otel-logger.js';

@Controller()
class Greeter {
  readonly #log = new Logger('Greeter');
  readonly #injected: OtelLogger;
  constructor(@Inject(OtelLogger) injected: OtelLogger) {
    this.#injected = injected;
  }

  @Get()
  greet(): string {
    trace.getTracer('spec').startActiveSpan('greet', (span) => {
      this.#log.log('from new Logger');
      Logger.warn('from the static one', 'Static');
      this.#injected.debug('injected', 'Injected');
      span.end();
    });
    return 'hello';
  }

  @Get('ignored')
  ignored(): string {
    context.with(suppressTracing(context.active()), () => this.#log.error('of an ignored request'));
    return 'hello';
  }
}

@Module({
  controllers: [Greeter],
  providers: [
    OtelLogger,
    { provide: LOGGER_SETTINGS, useValue: { format: 'json', level: 'debug', emit: true } },
  ],
})
class AppModule {}

const STREAMS = ['stdout', 'stderr'] as const;

describe('OtelLogger in a Nest app', () => {
  let app: INestApplication;
  let recorded: RecordedTelemetry;
  const lines: Record<string, unknown>[] = [];
  const written = STREAMS.map((stream): unknown => Reflect.get(process[stream], 'write'));

  beforeEach(async () => {
    lines.length = 0;
    for (const stream of STREAMS) {
      const print = (text: string): boolean =>
        lines.push(JSON.parse(text) as Record<string, unknown>) > 0;
      Reflect.set(process[stream], 'write', print);
    }
    recorded = recordTelemetry();
    app = await NestFactory.create(AppModule, { bufferLogs: true });
    app.useLogger(app.get(OtelLogger));
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    await app.close();
    await recorded.restore();
    STREAMS.forEach((stream, at) => Reflect.set(process[stream], 'write', written[at]));
    Logger.overrideLogger(['log']);
  });

  const scopes = (): string[] =>
    recorded.logRecords().map((record) => record.instrumentationScope.name);

  it('prints and sends the lines that were buffered during the start', () => {
    expect(scopes()).toEqual(expect.arrayContaining(['NestFactory', 'RoutesResolver']));
    expect(lines.length).toBe(scopes().length);
  });

  it('serves new Logger, the static Logger and an injected one, with the ids of the active span', async () => {
    await recorded.reset();
    lines.length = 0;
    await fetch(await app.getUrl());
    const [span] = recorded.finishedSpans();
    const { traceId, spanId } = span?.spanContext() ?? {};
    const records = recorded.logRecords();
    expect(records.map(({ body, spanContext }) => [body, spanContext?.traceId])).toEqual([
      ['from new Logger', traceId],
      ['from the static one', traceId],
      ['injected', traceId],
    ]);
    expect(scopes()).toEqual(['Greeter', 'Static', 'Injected']);
    for (const line of lines) expect(line).toMatchObject({ trace_id: traceId, span_id: spanId });
  });

  it('follows log levels that are set while the app runs', async () => {
    await recorded.reset();
    lines.length = 0;
    app.useLogger(['error']);
    await fetch(await app.getUrl());
    expect(scopes()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('prints the lines of an ignored request, and sends none', async () => {
    await recorded.reset();
    lines.length = 0;
    await fetch(`${await app.getUrl()}/ignored`);
    expect(scopes()).toEqual([]);
    expect(lines).toMatchObject([{ level: 'error', message: 'of an ignored request' }]);
  });
});

describe('the level of OtelLogger', () => {
  it('is the lowest enabled one', () => {
    const logger = new OtelLogger({ format: 'json', level: 'warn', emit: false });
    expect(LOG_LEVELS.filter((level) => logger.isLevelEnabled(level))).toEqual([
      'warn',
      'error',
      'fatal',
    ]);
  });
});
