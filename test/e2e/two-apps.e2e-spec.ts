import { Controller, Get, Injectable, Logger, Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  InjectInstrument,
  OtelLogger,
  OtelModule,
  Span,
  provideCounter,
  provideObservableGauge,
} from '@nestlens/otel';
import { ScriptedOtlpServer, refuse, useLeakCheck } from '@nestlens/testing';
import type { ReceivedSpan } from '@nestlens/testing';
import { logs, metrics, trace } from '@opentelemetry/api';
import type { Counter } from '@opentelemetry/api';
import { ask, portOf } from './health-app.js';

const early = metrics.getMeter('early').createCounter('early.count');

@Injectable()
class Work {
  constructor(@InjectInstrument('work.done') private readonly done: Counter) {}

  @Span()
  async run(url: string | undefined): Promise<string> {
    new Logger('Work').log('working');
    early.add(1);
    trace.getTracer('users').startSpan('by hand').end();
    if (url !== undefined) await (await fetch(url)).text();
    this.done.add(1);
    return 'done';
  }
}

@Controller()
class WorkController {
  static calls: string | undefined;

  constructor(private readonly work: Work) {}

  @Get('work')
  run(): Promise<string> {
    return this.work.run(WorkController.calls);
  }

  @Get('leaf')
  leaf(): string {
    return 'leaf';
  }
}

@Module({})
class AppModule {}

class Lines implements LoggerService {
  readonly warnings: string[] = [];
  log = (): void => {};
  warn = (line: unknown): void => void this.warnings.push(String(line));
  error = (line: unknown): void => void this.warnings.push(String(line));
}

/** SpanKind of OTLP. */
const CLIENT = 3;

interface Flushing {
  forceFlush(options?: { timeoutMillis?: number }): Promise<void>;
}
const flush = async (): Promise<void> => {
  const providers = [
    trace.getTracerProvider(),
    metrics.getMeterProvider(),
    logs.getLoggerProvider(),
  ] as unknown as Flushing[];
  for (const provider of providers) await provider.forceFlush();
};

useLeakCheck();

describe('two apps in one process', () => {
  let server: ScriptedOtlpServer;
  const apps: INestApplication[] = [];
  const lines = new Lines();

  const moduleOf = (name: string): DynamicModule => {
    return {
      module: AppModule,
      imports: [
        OtelModule.forRoot({
          service: { name },
          otlp: { protocol: 'http/protobuf', endpoint: server.httpUrl, worker: false },
          metrics: { temporality: 'delta', runtime: false },
          resource: { detectors: [] },
          diagnostics: { startupReport: false },
        }),
      ],
      controllers: [WorkController],
      providers: [
        Work,
        provideCounter('work.done'),
        provideObservableGauge('work.depth', { observe: (result) => result.observe(1) }),
      ],
    };
  };
  const start = async (name: string): Promise<INestApplication> => {
    const app = await NestFactory.create(moduleOf(name), { logger: lines });
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    return app;
  };
  const close = async (app: INestApplication): Promise<void> => {
    apps.splice(apps.indexOf(app), 1);
    await app.close();
  };
  const serviceOf = (item: Pick<ReceivedSpan, 'resource'>): string =>
    item.resource.attributes['service.name'] as string;
  /** Numbers of items that earlier calls of `arrived` returned. */
  const seen = { spans: 0, records: 0, metrics: 0 };
  const arrived = async (): Promise<Record<'spans' | 'records' | 'names', string[]>> => {
    await flush();
    const spans = server.spans().slice(seen.spans);
    const records = server.logRecords().slice(seen.records);
    const points = server.metrics().slice(seen.metrics);
    seen.spans += spans.length;
    seen.records += records.length;
    seen.metrics += points.length;
    return {
      // The requests of this file come from this process too.
      spans: spans
        .filter(({ kind, parentSpanId }) => kind !== CLIENT || parentSpanId !== '')
        .map((span) => `${serviceOf(span)} ${span.name}`)
        .toSorted(),
      records: records
        .filter(({ body }) => body === 'working')
        .map((record) => `${serviceOf(record)} ${record.traceId === '' ? '-' : 'traced'}`),
      names: [
        ...new Set(
          points
            .filter(({ name }) => !/^(?:nestlens|otel|http\.client)\./.test(name))
            .map((metric) => `${serviceOf(metric)} ${metric.name}`),
        ),
      ].toSorted(),
    };
  };
  const worked = (name: string) => [`${name} GET /work`, `${name} Work.run`, `${name} by hand`];
  const measured = (name: string) => [
    `${name} early.count`,
    `${name} http.server.active_requests`,
    `${name} http.server.request.duration`,
    `${name} work.depth`,
    `${name} work.done`,
  ];

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
    Object.assign(seen, { spans: 0, records: 0, metrics: 0 });
    lines.warnings.length = 0;
    WorkController.calls = undefined;
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await server.close();
  });

  it('each have telemetry of their own, and one warning says so', async () => {
    const a = await start('public');
    const b = await start('internal');
    expect(lines.warnings).toEqual([
      expect.stringMatching(/^Telemetry of "internal" starts while that of "public" runs in the/),
    ]);
    for (const app of [a, b]) app.useLogger(app.get(OtelLogger));
    await ask(portOf(b), '/work');
    await ask(portOf(a), '/work');
    early.add(1);
    trace.getTracer('users').startSpan('of nobody').end();
    const { spans, records, names } = await arrived();
    expect(spans).toEqual([
      ...worked('internal'),
      'public GET /work',
      'public Work.run',
      'public by hand',
      'public of nobody',
    ]);
    expect(records.toSorted()).toEqual(['internal traced', 'public traced']);
    expect(names).toEqual([...measured('internal'), ...measured('public')]);
  });

  it("make one CLIENT span for a call between them, below the caller's span", async () => {
    const a = await start('public');
    const b = await start('internal');
    WorkController.calls = `http://127.0.0.1:${portOf(a)}/leaf`;
    await ask(portOf(b), '/work');
    await flush();
    const named = server.spans().map((span) => `${serviceOf(span)} ${span.kind} ${span.name}`);
    expect(named).toEqual(expect.arrayContaining([`internal ${CLIENT} GET`]));
    const [client, ...others] = server
      .spans()
      .filter(({ kind, parentSpanId }) => kind === CLIENT && parentSpanId !== '');
    expect(others).toEqual([]);
    const leaf = server.spans().find(({ name }) => name === 'GET /leaf');
    expect(leaf).toMatchObject({ traceId: client?.traceId, parentSpanId: client?.spanId });
    expect(serviceOf(leaf!)).toBe('public');
  });

  it.each(['older', 'newer'])('do not affect each other when the %s closes', async (which) => {
    const a = await start('public');
    const b = await start('internal');
    const [closed, left, name] = which === 'older' ? [a, b, 'internal'] : [b, a, 'public'];
    await close(closed);
    await arrived();
    left.useLogger(left.get(OtelLogger));
    await ask(portOf(left), '/work');
    trace.getTracer('users').startSpan('of nobody').end();
    const { spans, records, names } = await arrived();
    expect(spans).toEqual([...worked(name), `${name} of nobody`]);
    expect(records).toEqual([`${name} traced`]);
    expect(names).toEqual(measured(name));
  });

  it('may be one module twice, a context beside an app, or a new app before the old one closes', async () => {
    const a = await start('same');
    const context = await NestFactory.createApplicationContext(moduleOf('same'), { logger: lines });
    expect(await context.get(Work).run(undefined)).toBe('done');
    await context.close();
    const next = await start('same');
    await close(a);
    await arrived();
    await ask(portOf(next), '/work');
    const { spans } = await arrived();
    expect(spans).toEqual(worked('same'));
    expect(lines.warnings).toHaveLength(2);
  });

  it('reject forceFlush() with the number of spans that were lost', async () => {
    await start('alone');
    server.script.nextOf('traces', refuse(3, 400));
    trace.getTracer('users').startSpan('refused').end();
    const provider = trace.getTracerProvider() as unknown as Flushing;
    await expect(provider.forceFlush()).rejects.toThrow('1 spans were lost on the way');
  });
});
