import { Writable } from 'node:stream';
import { ConsoleLogger, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import { logs as apiLogs } from '@opentelemetry/api-logs';
import { suppressTracing } from '@opentelemetry/core';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { Logger as PinoLogger, LoggerModule } from 'nestjs-pino';
import pino from 'pino';
import winston from 'winston';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { ShutdownPhases } from '../lifecycle/shutdown-phases.js';
import { OtelLogger } from '../logging/otel-logger.js';
import { Inventory } from '../report/inventory.js';
import { apiLogsOwner, installApiLogs, removeApiLogs } from './api-logs.js';
import { LogSources } from './log-sources.js';
import { nestLoggerFact } from './nest-logger.js';
import { pinoTraceMixin } from './pino-mixin.js';
import { winstonTransport } from './winston-transport.js';

const KEY = Symbol.for('io.opentelemetry.js.api.logs');
const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const inSpan = <T>(act: () => T): T =>
  context.with(trace.setSpanContext(ROOT_CONTEXT, { ...TRACE, traceFlags: 1 }), act);

class OrderError extends Error {
  code = 'E_ORDER';
}

const lines: string[] = [];
const sink = new Writable({
  write(chunk: Buffer, _encoding, done) {
    lines.push(chunk.toString());
    done();
  },
});

const sourcesOf = (pinoToo = true): { sources: LogSources; inventory: Inventory } => {
  const inventory = new Inventory();
  const settings = { format: 'json', level: 'log', emit: true, pino: pinoToo } as const;
  return { sources: new LogSources(settings, inventory, new ShutdownPhases()), inventory };
};

describe('log sources', () => {
  let recorded: RecordedTelemetry;
  let sources: LogSources;

  beforeEach(() => {
    lines.length = 0;
    recorded = recordTelemetry({ contextManager: new AsyncContextManager() });
    ({ sources } = sourcesOf());
  });
  afterEach(async () => {
    sources.stop();
    await recorded.restore();
    Logger.overrideLogger(['log']);
  });

  const told = () =>
    recorded.logRecords().map((record) => ({
      body: record.body,
      scope: record.instrumentationScope.name,
      severity: [record.severityNumber, record.severityText],
      trace: record.spanContext?.traceId,
      attributes: record.attributes,
    }));

  describe('@opentelemetry/api-logs', () => {
    it('uses our provider until the last app ends', () => {
      const lib = apiLogs.getLogger('lib');
      inSpan(() => lib.emit({ body: 'from lib', severityNumber: 9 }));
      expect(told()).toMatchObject([{ body: 'from lib', scope: 'lib', trace: TRACE.traceId }]);
      const second = sourcesOf().sources;
      sources.stop();
      sources.stop();
      expect(apiLogsOwner()).toEqual({ kind: 'ours' });
      second.stop();
      expect(apiLogsOwner()).toEqual({ kind: 'nobody' });
    });

    it('gives undefined to a version with another number', () => {
      const getter = Reflect.get(globalThis, KEY) as (version: number) => unknown;
      expect(getter(2)).toBeUndefined();
      removeApiLogs();
      expect(installApiLogs(getter(1) as never)).toEqual({ kind: 'ours' });
    });
  });

  describe('pino', () => {
    it('sends the lines that it prints, in their trace', () => {
      const log = pino({ name: 'shop' }, sink).child({ tenant: 'one' });
      inSpan(() => log.warn({ user: 7 }, 'hello %s', 'you'));
      expect(told()).toEqual([
        {
          body: 'hello you',
          scope: 'shop',
          severity: [13, 'warn'],
          trace: TRACE.traceId,
          attributes: { tenant: 'one', user: 7 },
        },
      ]);
      expect(lines).toHaveLength(1);
    });

    it('sends exceptions with type, message, stack and code, and knows custom keys and levels', () => {
      const log = pino(
        { messageKey: 'text', errorKey: 'problem', customLevels: { audit: 35, notice: 32 } },
        sink,
      );
      log.error(new OrderError('broken'));
      log.audit('who');
      log.notice('what');
      const [error, audit, notice] = told();
      expect(error).toMatchObject({ body: 'broken', severity: [17, 'error'] });
      expect(error?.attributes).toEqual({
        'exception.type': 'OrderError',
        'exception.message': 'broken',
        'exception.stacktrace': expect.stringContaining('log-sources.spec'),
        'nestlens.exception.code': 'E_ORDER',
      });
      expect(audit).toMatchObject({ body: 'who', severity: [9, 'audit'] });
      expect(notice).toMatchObject({ body: 'what', severity: [10, 'notice'] });
    });

    it('sends nothing that pino hides or filters, and no credentials of requests', () => {
      const log = pino({ redact: ['password', 'err.message', 'err.stack'] }, sink);
      log.debug('filtered');
      log.info({ password: 'canary' }, 'login');
      log.error(new Error('canary'), 'failed');
      log.info({ req: { headers: { cookie: 'canary', authorization: 'canary', a: 'b' } } }, 'req');
      expect(told().map(({ body }) => body)).toEqual(['login', 'failed', 'req']);
      expect(JSON.stringify(told())).not.toContain('canary');
      expect(JSON.stringify(told())).toContain('"a":"b"');
    });

    it('sends nothing from a suppressed context, after the end, or if it is switched off', () => {
      const log = pino(sink);
      context.with(suppressTracing(ROOT_CONTEXT), () => log.info('of an exporter'));
      sources.stop();
      log.info('after the end');
      const off = sourcesOf(false).sources;
      log.info('switched off');
      off.stop();
      expect(told()).toEqual([]);
      expect(lines).toHaveLength(3);
    });

    it('sends each line once if several apps run', () => {
      const second = sourcesOf().sources;
      pino(sink).info('once');
      expect(told()).toHaveLength(1);
      second.stop();
    });

    it('prints the ids of the trace with its mixin', () => {
      const log = pino({ mixin: pinoTraceMixin }, sink);
      inSpan(() => log.info('inside'));
      log.info('outside');
      const [inside, outside] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(inside).toMatchObject({
        trace_id: TRACE.traceId,
        span_id: TRACE.spanId,
        trace_flags: '01',
      });
      expect(outside).not.toHaveProperty('trace_id');
      expect(told()[0]?.attributes).toEqual({});
    });
  });

  it('sends each line of Nest once through nestjs-pino, with its context as scope', async () => {
    @Module({ imports: [LoggerModule.forRoot({ pinoHttp: { stream: sink } })] })
    class App {}
    const app = await NestFactory.createApplicationContext(App, { bufferLogs: true });
    app.useLogger(app.get(PinoLogger));
    await recorded.reset();
    new Logger('Shop').log('hello');
    new Logger('Shop').error('failed', 'Error: x\n    at a.js:1:1');
    expect(told()).toMatchObject([
      { body: 'hello', scope: 'Shop', severity: [9, 'info'], attributes: {} },
      { scope: 'Shop', attributes: { 'exception.stacktrace': expect.stringContaining('a.js') } },
    ]);
    expect(sources.fact()).toMatchObject({ kind: 'sent', by: 'pino' });
    await app.close();
  });

  describe('winston', () => {
    it('sends each line in its own trace, even 100 at once', () => {
      const log = winston.createLogger({ level: 'info', transports: [winstonTransport()] });
      log.debug('filtered');
      inSpan(() => log.warn('hello', { context: 'Shop', user: 7 }));
      for (let at = 0; at < 100; at++) {
        context.with(
          trace.setSpanContext(ROOT_CONTEXT, {
            traceId: (at + 1).toString(16).padStart(32, '0'),
            spanId: TRACE.spanId,
            traceFlags: 1,
          }),
          () => log.info('many', { at }),
        );
      }
      expect(told()[0]).toEqual({
        body: 'hello',
        scope: 'Shop',
        severity: [13, 'warn'],
        trace: TRACE.traceId,
        attributes: { user: 7 },
      });
      const many = told().slice(1);
      expect(many).toHaveLength(100);
      for (const { attributes, trace: id } of many) {
        expect(Number.parseInt(id ?? '', 16)).toBe(Number(attributes['at']) + 1);
      }
    });

    it('sends exceptions with their type in each form of call', () => {
      const log = winston.createLogger({ transports: [winstonTransport()] });
      log.error('failed', { error: new OrderError('broken'), stack: ['x'] });
      log.error(new OrderError('alone'));
      log.error('failed', { stack: ['E: x\n    at a.js:1:1'] });
      // nest-winston passes `error('failed', error)` and `error({ err: error, user: 7 })` on in these two forms.
      log.error('failed', { stack: [new OrderError('behind')] });
      log.log({ level: 'error', err: new OrderError('in an object'), user: 7 } as never);
      expect(told().map(({ attributes }) => attributes['exception.type'])).toEqual([
        'OrderError',
        'OrderError',
        'E',
        'OrderError',
        'OrderError',
      ]);
      expect(told().at(-1)).toMatchObject({ body: 'in an object', attributes: { user: 7 } });
    });
  });

  describe('the logger of Nest', () => {
    const withTransports = (...transports: unknown[]) =>
      new (class WinstonLogger {
        logger = { transports };
      })();
    const oldPino = new (class PinoOfOld {
      logger = { logger: { version: '9.9.5', bindings: () => ({}) } };
    })();

    it.each<[string, unknown, object]>([
      ['ours', new OtelLogger(), { kind: 'sent', logger: 'OtelLogger', by: 'OtelLogger' }],
      ["Nest's own", new ConsoleLogger(), { kind: 'not-sent', logger: 'ConsoleLogger' }],
      ['winston with our transport', withTransports(winstonTransport()), { kind: 'sent' }],
      [
        'winston without our transport',
        withTransports({}),
        { kind: 'not-sent', logger: 'WinstonLogger (winston)' },
      ],
      [
        "the app's own logger around winston",
        { winston: { transports: [winstonTransport()] }, log: () => {} },
        { kind: 'sent', by: 'winston' },
      ],
      ['an old pino', oldPino, { kind: 'not-sent', why: expect.stringContaining('9.10') }],
      ["the app's own", { log: () => {} }, { kind: 'not-sent' }],
      ['none', undefined, { kind: 'off' }],
    ])('is reported right for: %s', (_what, logger, fact) => {
      expect(nestLoggerFact(true, true, logger ?? null)).toMatchObject(fact);
    });

    it('has a row in the start block if its lines are not sent', () => {
      Logger.overrideLogger(new ConsoleLogger());
      const { sources: own, inventory } = sourcesOf();
      own.onModuleInit();
      own.stop();
      expect(inventory.items()).toEqual([
        {
          kind: 'left-out',
          what: 'Nest logger',
          why: 'the lines of ConsoleLogger are not sent: app.useLogger(app.get(OtelLogger)) sends them',
        },
      ]);
      expect(nestLoggerFact(false, true, new OtelLogger()).kind).toBe('not-sent');
      expect(nestLoggerFact(true, false, oldPino)).toMatchObject({ why: 'logs.pino is false' });
    });
  });
});
