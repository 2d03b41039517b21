import { Controller, Get, Injectable, Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, LoggerService, OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OtelModule } from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';
import { ScriptedOtlpServer, expectSpanTree, useLeakCheck } from '@nestlens/testing';
import type { ReceivedMetric } from '@nestlens/testing';
import { SeverityNumber, logs, metrics, trace } from '@opentelemetry/api';
import { parseSent } from '../../tools/demo/shutdown-report.ts';
import { ask, portOf } from './health-app.js';

/** These instruments are made while this file is loaded, before any app. */
@Injectable()
class Shelf implements OnModuleInit {
  static readonly sold = metrics.getMeter('shelf').createCounter('shelf.sold');
  static readonly weight = metrics.getMeter('shelf').createHistogram('shelf.weight');
  static readonly tracer = trace.getTracer('shelf');
  static readonly logger = logs.getLogger('shelf');

  static {
    const left = metrics.getMeter('shelf').createObservableGauge('shelf.left');
    left.addCallback((result) => result.observe(7));
  }

  onModuleInit(): void {
    Shelf.sold.add(1);
  }

  sell(): string {
    return Shelf.tracer.startActiveSpan('sell', (span) => {
      Shelf.sold.add(1);
      Shelf.weight.record(3);
      Shelf.logger.emit({ body: 'sold', severityNumber: SeverityNumber.INFO });
      span.end();
      return 'sold';
    });
  }
}

@Controller()
class ShelfController {
  constructor(private readonly shelf: Shelf) {}

  @Get('sell/:sku')
  sell(): string {
    return this.shelf.sell();
  }
}

@Module({})
class ShelfModule {}

const shelfModule = (...imports: DynamicModule[]): DynamicModule => ({
  module: ShelfModule,
  imports,
  controllers: [ShelfController],
  providers: [Shelf],
});

/** Keeps the lines that an app logs. */
class Lines implements LoggerService {
  readonly all: string[] = [];
  log = (line: unknown): void => void this.all.push(String(line));
  warn = (line: unknown): void => void this.all.push(`warn ${String(line)}`);
  error = (line: unknown): void => void this.all.push(`error ${String(line)}`);
}

const optionsFor = (name: string, server: ScriptedOtlpServer): OtelModuleOptions => ({
  service: { name },
  otlp: { protocol: 'grpc', endpoint: server.grpcUrl },
  resource: { detectors: [] },
  // The requests of the spec itself come from this process too.
  http: { client: false },
  diagnostics: { startupReport: false },
});

/** The value of a sum, a gauge or a histogram in the latest export. */
const latest = (received: readonly ReceivedMetric[], name: string): number | undefined => {
  const data = received.findLast((metric) => metric.name === name)?.data;
  if (data?.kind === 'histogram') return Number(data.points[0]?.count);
  return data?.kind === 'sum' || data?.kind === 'gauge' ? Number(data.points[0]?.value) : undefined;
};

const SELL = {
  name: 'GET /sell/:sku',
  kind: 'server',
  attributes: { 'nestjs.controller': 'ShelfController', 'nestjs.callback': 'sell' },
  children: [{ name: 'sell', scope: 'shelf', children: [] }],
} as const;

describe('instruments made before the app', () => {
  useLeakCheck();
  let app: INestApplication;
  let lines: Lines;
  const servers: ScriptedOtlpServer[] = [];

  const serve = async (): Promise<ScriptedOtlpServer> => {
    const server = await ScriptedOtlpServer.start();
    servers.push(server);
    return server;
  };

  const start = async (root: DynamicModule): Promise<INestApplication> => {
    lines = new Lines();
    app = await NestFactory.create(root, { logger: lines, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    return app;
  };

  afterEach(async () => {
    await app.close();
    for (const server of servers.splice(0)) await server.close();
  });

  it('work in an app, and in the next app after the first has closed', async () => {
    const received: ScriptedOtlpServer[] = [];
    for (const name of ['first', 'second']) {
      const server = await serve();
      received.push(server);
      await start(shelfModule(OtelModule.forRoot(optionsFor(name, server))));
      expect((await ask(portOf(app), '/sell/mug')).body).toBe('sold');
      await app.close();

      const spans = server.spans().filter((span) => span.name !== 'nestjs.shutdown');
      expectSpanTree(spans, { ...SELL, service: name });
      const sell = spans.find((span) => span.name === 'sell');
      const record = server.logRecords().find(({ scope }) => scope.name === 'shelf');
      expect(record).toMatchObject({ body: 'sold', traceId: sell?.traceId, spanId: sell?.spanId });
      expect(latest(server.metrics(), 'shelf.sold')).toBe(2);
      expect(latest(server.metrics(), 'shelf.weight')).toBe(1);
      expect(latest(server.metrics(), 'shelf.left')).toBe(7);
    }
    expect(received[0]?.spans().map((span) => span.resource.attributes['service.name'])).toEqual([
      'first',
      'first',
      'first',
    ]);
  });

  it('record nothing and do not throw while no app is running', () => {
    expect(Shelf.tracer.startSpan('nobody listens').isRecording()).toBe(false);
    expect(() => Shelf.sold.add(1)).not.toThrow();
  });

  it('record once if the module is imported twice, and the second import leads to a warning', async () => {
    const [first, second] = [await serve(), await serve()];
    @Module({ imports: [OtelModule.forRoot(optionsFor('one', first))] })
    class OneModule {}
    @Module({
      imports: [OtelModule.forRootAsync({ useFactory: () => optionsFor('two', second) })],
    })
    class TwoModule {}

    await start(shelfModule({ module: OneModule }, { module: TwoModule }));
    expect(lines.all.filter((line) => line.startsWith('warn OtelModule is imported'))).toEqual([
      expect.stringContaining('2 times in one app: those of the first import are used'),
    ]);
    const port = portOf(app);
    expect((await ask(port, '/sell/mug')).body).toBe('sold');
    expect((await ask(port, '/readyz')).status).toBe(200);
    await app.close();

    const spans = first.spans().filter((span) => span.name !== 'nestjs.shutdown');
    expectSpanTree(spans, { ...SELL, service: 'one' });
    expect(first.spans().filter((span) => span.name === 'nestjs.shutdown')).toHaveLength(1);
    expect(latest(first.metrics(), 'http.server.request.duration')).toBe(1);
    expect(latest(first.metrics(), 'http.server.active_requests')).toBe(0);
    expect(latest(first.metrics(), 'shelf.sold')).toBe(2);
    expect(second.requests()).toEqual([]);
    const sent = lines.all.flatMap((line) => parseSent(line) ?? []);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.traces).toMatchObject({ accepted: first.spans().length, queued: 0 });
  });

  it('lead to no warning if one dynamic module is imported in two places', async () => {
    const server = await serve();
    const module = OtelModule.forRoot(optionsFor('once', server));
    @Module({ imports: [module] })
    class FeatureModule {}
    await start(shelfModule(module, { module: FeatureModule }));
    await app.close();
    expect(lines.all.filter((line) => line.startsWith('warn OtelModule is imported'))).toEqual([]);
  });
});
