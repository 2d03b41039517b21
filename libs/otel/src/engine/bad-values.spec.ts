import { SpanStatusCode } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ScriptedOtlpServer, useLeakCheck, patience } from '@nestlens/testing';
import { ENGINES } from '../options/fixtures/engines.js';
import { resolveConfig } from '../options/resolve.js';
import type { ExportEngine } from './engine.js';
import { createEngine } from './engines.js';

const thrower = (): never => {
  throw new Error('hostile');
};
const circular: Record<string, unknown> = { name: 'x' };
circular['self'] = circular;
const nested = (depth: number): unknown => {
  let value: unknown = 'end';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
};

const VALUES: readonly (readonly [row: number, name: string, value: unknown])[] = [
  [57, 'circular', circular],
  [57, '100 deep', nested(100)],
  [57, 'proxy', new Proxy({}, { get: thrower, ownKeys: thrower, getPrototypeOf: thrower })],
  [57, 'getter', Object.defineProperty({}, 'a', { enumerable: true, get: thrower })],
  [57, 'toJSON', { a: 1, toJSON: thrower }],
  [58, 'bigint', 5n],
  [58, 'symbol', Symbol('s')],
  [58, 'function', thrower],
  [58, 'date', new Date(0)],
  [58, 'map', new Map([['a', 1]])],
  [58, 'NaN', Number.NaN],
  [58, 'infinity', -Infinity],
  [58, '-0', -0],
  [59, 'lone surrogate', 'a\ud83d'],
  [59, 'NUL', 'a\0b'],
  [59, '1 MB of text', 'x'.repeat(1_000_000)],
  [59, '100 000 elements', Array.from({ length: 100_000 }, (_, index) => index)],
];

/** What the SDK's own objects refuse is theirs; what they keep must not harm what is sent with it. */
const tried = (act: () => unknown): void => {
  try {
    act();
  } catch {
    // As said.
  }
};

describe.each(ENGINES)('bad values for the engine %s', (name) => {
  useLeakCheck();
  let server: ScriptedOtlpServer;
  let engine: ExportEngine;
  let traces: TracerProvider;
  let logs: LoggerProvider;

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
    const worker = name === 'nestlens' ? { worker: false } : {};
    engine = await createEngine(
      resolveConfig(
        {
          otlp: { engine: name, endpoint: server.grpcUrl, ...worker },
          metrics: { exporters: ['none'] },
        },
        {},
      ),
    );
    const { spanProcessor, logRecordProcessor } = engine;
    if (!spanProcessor || !logRecordProcessor) throw new Error('both signals are on');
    traces = new TracerProvider({ spanProcessors: [spanProcessor] });
    logs = new LoggerProvider({ processors: [logRecordProcessor] });
  });
  afterEach(async () => {
    await engine.shutdown(AbortSignal.timeout(2000));
    await Promise.all([traces.shutdown(), logs.shutdown()]);
    await server.close();
  });

  const span = (act: (span: Span) => unknown, links: unknown[] = []): void => {
    const started = traces.getTracer('spec').startSpan('bad', { links: links as never });
    tried(() => act(started));
    started.setAttribute('good', 1);
    started.end();
  };
  const flush = (): Promise<void> => engine.flush(patience());
  const accountOf = (signal: 'traces' | 'logs') => {
    const { accepted, rejected, dropped, queued } = engine.status()[signal];
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    return { queued, settled: accepted + rejected + lost };
  };
  const names = (): string[] => server.spans().map((each) => each.name);

  it.each(VALUES)(
    'row %d: of spans with a %s none is lost, nor what comes with them',
    async (_row, kind, value) => {
      const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
      const attributes = { key: value } as never;
      span((each) => each.setAttribute('key', value as never));
      span((each) => each.addEvent('event', attributes));
      span((each) => each.addLink({ context, attributes }));
      span((each) => each.recordException(value as never));
      span((each) => each.setStatus({ code: SpanStatusCode.ERROR, message: value as never }));
      span((each) => each.updateName(value as never) && each.updateName('bad'));
      await flush();
      expect(accountOf('traces')).toEqual({ queued: 0, settled: 6 });
      // Deeper than any receiver reads: the official exporter has no limit, and its batch is turned away.
      if (name === 'sdk' && kind === '100 deep') return;
      expect(names()).toEqual(Array.from({ length: 6 }, () => 'bad'));
      expect(server.spans().every(({ attributes: { good } }) => Number(good) === 1)).toBe(true);
      expect(engine.status().traces.accepted).toBe(6);
    },
  );

  it.each(VALUES)(
    'rows %d, 68: a log record whose body is a %s is sent or counted',
    async (_row, _name, value) => {
      const logger = logs.getLogger('spec');
      tried(() => logger.emit({ body: value as never }));
      await flush();
      logger.emit({ body: 'after' });
      await flush();
      expect(server.logRecords().at(-1)?.body).toBe('after');
      expect(accountOf('logs')).toEqual({ queued: 0, settled: 2 });
      // Ours has words for each of them; the official serializer throws for some, and its batch is lost.
      const fewest = name === 'nestlens' ? 2 : 1;
      expect(engine.status().logs.accepted).toBeGreaterThanOrEqual(fewest);
    },
  );

  it('keys without a name are dropped, __proto__ is data', async () => {
    span((each) => {
      each.setAttribute('', 1);
      each.setAttribute('__proto__', 'data');
      each.setAttributes(JSON.parse('{"__proto__": "data"}') as object as never);
    });
    span((each) => each.setAttribute(undefined as never, 1));
    span((each) => each.setAttribute(null as never, 1));
    await flush();
    expect(server.spans().map(({ attributes }) => Object.keys(attributes).includes(''))).toEqual([
      false,
      false,
      false,
    ]);
    expect(({} as Record<string, unknown>)['good']).toBeUndefined();
  });

  it('of 10 000 attributes, events and links the limit is sent, the rest is counted', async () => {
    const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
    span((each) => {
      for (let index = 0; index < 10_000; index += 1) {
        each.setAttribute(`key${index}`, index);
        each.addEvent(`event ${index}`);
        each.addLink({ context });
      }
    });
    await flush();
    const [sent] = server.spans();
    expect(Object.keys(sent?.attributes ?? {})).toHaveLength(128);
    expect([sent?.events.length, sent?.links.length]).toEqual([128, 128]);
    expect(sent).toMatchObject({
      droppedAttributesCount: 10_001 - 128,
      droppedEventsCount: 10_000 - 128,
      droppedLinksCount: 10_000 - 128,
    });
  });

  it('links that are none, a status that is none and odd exceptions do no harm', async () => {
    const cyclic = new Error('cyclic');
    cyclic.cause = cyclic;
    const huge = Object.assign(new Error('huge'), { stack: 'x'.repeat(1_000_000) });
    const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
    tried(() => span(() => {}, [null]));
    span((each) => each.addLinks([{ context }, null] as never));
    span((each) => each.setStatus(null as never));
    for (const exception of [undefined, cyclic, Object.freeze(new Error('frozen')), huge, 7]) {
      span((each) => each.recordException(exception as never));
    }
    await flush();
    expect(names()).toEqual(Array.from({ length: 7 }, () => 'bad'));
    expect(engine.status().traces).toMatchObject({ accepted: 7, dropped: {}, queued: 0 });
  });

  it('ends that come twice, too early, or far away are sent as times that there are', async () => {
    const tracer = traces.getTracer('spec');
    const at = (startTime: Date | [number, number], endTime?: Date): void => {
      const started = tracer.startSpan('timed', { startTime });
      started.end(endTime);
      started.end(new Date(0));
    };
    at(new Date(2000), new Date(1000));
    at(new Date('9999-12-31T23:59:59Z'), new Date('9999-12-31T23:59:59Z'));
    at([-5, 3]);
    at(new Date(1000), new Date(2000));
    await flush();
    const times = server.spans().map(({ startTime, endTime }) => [startTime, endTime]);
    expect(times).toHaveLength(4);
    expect(times[0]?.[1]).toBe(times[0]?.[0]);
    expect(times[3]).toEqual([1_000_000_000n, 2_000_000_000n]);
    for (const [start = 0n, end = 0n] of times) {
      expect(start >= 0n && end >= 0n && start < 2n ** 64n && end < 2n ** 64n).toBe(true);
    }
  });
});
