import { ROOT_CONTEXT, context, diag, logs, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { globalProviders } from '../late-bound/globals.js';
import type { LoggerSettings } from '../options/otel.config.js';
import { OtelLogger } from './otel-logger.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const inSpan = <T>(act: () => T): T =>
  context.with(
    trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 }),
    act,
  );

class OrderError extends Error {
  override readonly name = 'OrderError';
}

const logger = (settings: Partial<LoggerSettings> = {}): OtelLogger =>
  new OtelLogger({ format: 'json', level: 'verbose', emit: true, ...settings });
const ignore = (): void => {};

const STREAMS = ['stdout', 'stderr'] as const;

describe('OtelLogger', () => {
  const exporter = new InMemoryLogRecordExporter();
  const extra: LogRecordProcessor[] = [];
  const lines = { stdout: [] as string[], stderr: [] as string[] };
  const written = STREAMS.map((stream): unknown => Reflect.get(process[stream], 'write'));

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncContextManager());
    const forward: LogRecordProcessor = {
      onEmit: (record, active) => extra.forEach((processor) => processor.onEmit(record, active)),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    globalProviders.fillWith({
      loggerProvider: new LoggerProvider({
        processors: [forward, new SimpleLogRecordProcessor({ exporter })],
      }),
    });
  });
  afterAll(() => {
    globalProviders.release();
    logs.disable();
    context.disable();
  });
  beforeEach(() => {
    exporter.reset();
    lines.stdout.length = 0;
    lines.stderr.length = 0;
    for (const stream of STREAMS) {
      Reflect.set(process[stream], 'write', (text: string) => lines[stream].push(text) > 0);
    }
  });
  afterEach(() => {
    STREAMS.forEach((stream, at) => Reflect.set(process[stream], 'write', written[at]));
    extra.length = 0;
  });

  const records = (): readonly ReadableLogRecord[] => exporter.getFinishedLogRecords();
  const only = (): ReadableLogRecord => {
    const [record, ...others] = records();
    expect(others).toEqual([]);
    if (record === undefined) throw new Error('No log record was sent');
    return record;
  };

  it('maps every level to its severity and keeps its name', () => {
    const begun = Math.floor(Date.now() / 1000);
    const log = logger();
    for (const level of ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const) {
      log[level]('hello', 'Ctx');
    }
    expect(
      records().map((record) => [record.severityText, record.severityNumber, record.body]),
    ).toEqual([
      ['verbose', 1, 'hello'],
      ['debug', 5, 'hello'],
      ['log', 9, 'hello'],
      ['warn', 13, 'hello'],
      ['error', 17, 'hello'],
      ['fatal', 21, 'hello'],
    ]);
    expect(new Set(records().map((record) => record.instrumentationScope.name))).toEqual(
      new Set(['Ctx']),
    );
    const recorded = records()[0]?.hrTime[0];
    expect(recorded).toBeGreaterThanOrEqual(begun);
    expect(recorded).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it('prints JSON with the ids of the active span, and sends a record with the same ids', () => {
    inSpan(() => logger().log('hello', { user: 7 }, 'Ctx'));
    expect(JSON.parse(lines.stdout.join(''))).toMatchObject({
      level: 'log',
      message: 'hello',
      context: 'Ctx',
      trace_id: TRACE_ID,
      span_id: SPAN_ID,
      trace_flags: '01',
    });
    const record = only();
    expect(record.spanContext).toMatchObject({ traceId: TRACE_ID, spanId: SPAN_ID });
    expect(record.attributes).toEqual({ user: 7 });
  });

  it("prints Nest's own pretty line, with the trace at its end", () => {
    const log = logger({ format: 'pretty' });
    log.log('outside', 'Ctx');
    inSpan(() => log.log('inside', 'Ctx'));
    const [outside = '', inside = ''] = lines.stdout;
    expect(outside).toMatch(/\[Nest\].*LOG.*\[Ctx\].*outside/);
    expect(outside).not.toContain('trace_id');
    expect(inside).toMatch(new RegExp(`inside.*trace_id=${TRACE_ID}`));
    expect(inside.endsWith('\n')).toBe(true);
  });

  it('filters printed and sent lines by level, also after setLogLevels', () => {
    const log = logger({ level: 'warn' });
    log.log('no');
    log.warn('yes');
    log.setLogLevels(['fatal']);
    log.error('no');
    log.fatal('yes');
    expect(records().map((record) => record.severityText)).toEqual(['warn', 'fatal']);
    expect(lines.stdout.length + lines.stderr.length).toBe(2);
  });

  it('prints but does not send if emit is off', () => {
    logger({ emit: false }).log('hello');
    expect(records()).toEqual([]);
    expect(lines.stdout).toHaveLength(1);
  });

  describe('exceptions', () => {
    const error = new OrderError('no such order');

    it.each([
      [
        'error(err)',
        (log: OtelLogger) => log.error(error, undefined, 'Ctx'),
        'no such order',
        'OrderError',
      ],
      [
        'error(msg, err)',
        (log: OtelLogger) => log.error('failed', error, 'Ctx'),
        'failed',
        'OrderError',
      ],
      [
        'error(msg, stack, ctx)',
        (log: OtelLogger) => log.error('failed', error.stack, 'Ctx'),
        'failed',
        'OrderError',
      ],
      [
        'fatal(msg, stack, ctx)',
        (log: OtelLogger) => log.fatal('failed', error.stack, 'Ctx'),
        'failed',
        'OrderError',
      ],
      [
        'warn(msg, stack, ctx)',
        (log: OtelLogger) => log.warn('failed', error.stack, 'Ctx'),
        'failed',
        'OrderError',
      ],
      [
        'error(msg, {err}, ctx)',
        (log: OtelLogger) => log.error('failed', { err: error }, 'Ctx'),
        'failed',
        'OrderError',
      ],
    ])('are recorded for %s', (_form, act, body, type) => {
      act(logger());
      const record = only();
      expect(record.body).toBe(body);
      expect(record.instrumentationScope.name).toBe('Ctx');
      expect(record.attributes).toMatchObject({
        'exception.type': type,
        'exception.message': 'no such order',
        'exception.stacktrace': error.stack,
      });
    });
  });

  describe('one call', () => {
    it('is one record, with all further messages as attributes', () => {
      logger().log('one', 'two', 3, new Map([['a', 1]]), { user: 7 }, 'Ctx');
      expect(only()).toMatchObject({ body: 'one', instrumentationScope: { name: 'Ctx' } });
      expect(only().attributes).toEqual({
        user: 7,
        'nestjs.logger.messages': ['two', 3, { a: 1 }],
      });
    });

    it('may have an error without a message, or an error whose getters throw', () => {
      const log = logger();
      log.error(new AggregateError([new Error('one'), new Error('two')]));
      const hostile = Object.defineProperty(new OrderError('x'), 'message', {
        get() {
          throw new Error('no');
        },
      });
      expect(() => log.error('failed', hostile, 'Ctx')).toThrow('no');
      expect(records().map((record) => record.body)).toEqual(['one; two', 'failed']);
      expect(records()[1]?.attributes['exception.type']).toBe('OrderError');
    });
  });

  it('resolves a lazy message once', () => {
    let calls = 0;
    const lazy = (): string => `call ${++calls}`;
    logger().log(lazy);
    logger().log(OrderError);
    expect(records().map((record) => record.body)).toEqual(['call 1', 'OrderError']);
    expect(calls).toBe(1);
  });

  it('accepts any body and parameter', () => {
    const circular: Record<string, unknown> = { big: 1n };
    circular['self'] = circular;
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const log = logger();
    log.log(circular);
    log.log(undefined);
    log.log(Buffer.alloc(10_000_000));
    log.log('with', { hostile, circular }, 'Ctx');
    expect(records()).toHaveLength(4);
    expect(records()[0]?.body).toEqual({ big: '1', self: '[Circular]' });
    expect(records()[1]?.body).toBe('undefined');
    expect(records()[2]?.body).toHaveLength(65_536);
    expect(records()[3]?.attributes).toMatchObject({ hostile: '[Throws]' });
  });

  it('does not make a scope of a long text, and makes at most 500 scopes', () => {
    const log = logger({ level: 'log' });
    log.log('hello', 'x'.repeat(300));
    expect(only().instrumentationScope.name).toBe('@nestlens/otel');
    expect(only().attributes).toEqual({ 'nestjs.logger.context': 'x'.repeat(300) });
    for (let i = 0; i < 600; i++) log.log('hello', `context ${i}`);
    const scopes = new Set(records().map((record) => record.instrumentationScope.name));
    expect(scopes.size).toBe(501);
  });

  it('prints but does not send in a suppressed context', () => {
    context.with(suppressTracing(ROOT_CONTEXT), () => logger().log('hello'));
    expect(records()).toEqual([]);
    expect(lines.stdout).toHaveLength(1);
  });

  it('does not send lines that are logged while a record is being sent', () => {
    const log = logger();
    const warn = (message: string): void => log.warn(message, 'diag');
    diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore });
    extra.push({
      onEmit: () => {
        diag.error('trouble');
        logger().error('trouble too');
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    });
    log.log('hello');
    diag.disable();
    expect(records().map((record) => record.body)).toEqual(['hello']);
    expect(lines.stdout.length + lines.stderr.length).toBe(3);
  });

  it('does not throw if a processor throws, and works afterwards', () => {
    extra.push({
      onEmit: () => {
        throw new Error('processor');
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    });
    logger().log('hello');
    extra.length = 0;
    logger().log('again');
    expect(records().map((record) => record.body)).toEqual(['again']);
  });
});
