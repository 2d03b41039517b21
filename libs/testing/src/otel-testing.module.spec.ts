import { jest } from '@jest/globals';
import { Controller, Get, Injectable, Logger, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Counter } from '@opentelemetry/api';
import {
  Counted,
  InjectInstrument,
  OtelLogger,
  OtelModule,
  Span,
  provideCounter,
} from '@nestlens/otel';
import type { OtelModuleOptions } from '@nestlens/otel';
import { useLeakCheck } from './leak-check.js';
import { OtelTestingModule } from './otel-testing.module.js';
import { ScriptedOtlpServer } from './otlp-server.js';
import { expectSpanTree } from './span-tree-match.js';
import { TestTelemetry } from './test-telemetry.js';

@Injectable()
class Orders {
  readonly #logger = new Logger(Orders.name);

  constructor(@InjectInstrument('orders.placed') readonly placed: Counter) {}

  @Span()
  @Counted('orders.calls')
  place(): string {
    this.placed.add(1, { kind: 'test' });
    this.#logger.log('placed');
    return 'placed';
  }
}

@Controller('orders')
class OrdersController {
  constructor(readonly orders: Orders) {}
  @Get()
  place(): string {
    return this.orders.place();
  }
}

const appModule = (options: OtelModuleOptions): new () => object => {
  @Module({
    imports: [OtelModule.forRoot(options)],
    controllers: [OrdersController],
    providers: [Orders, provideCounter('orders.placed')],
  })
  class AppModule {}
  return AppModule;
};

interface Running {
  readonly app: INestApplication;
  readonly telemetry: TestTelemetry;
  readonly ask: () => Promise<string>;
}

const start = async (options: OtelModuleOptions): Promise<Running> => {
  const testing = await Test.createTestingModule({
    imports: [appModule(options), OtelTestingModule.forRoot()],
  }).compile();
  const app = testing.createNestApplication();
  app.useLogger(app.get(OtelLogger));
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/orders`;
  const telemetry = app.get(TestTelemetry);
  const asked = (): Promise<Response> => fetch(url, { headers: { connection: 'close' } });
  return { app, telemetry, ask: async () => (await telemetry.untraced(asked)).text() };
};

describe('OtelTestingModule', () => {
  useLeakCheck();
  const variables = { ...process.env };
  let printed: { mockRestore(): void };
  beforeEach(() => {
    printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    printed.mockRestore();
    process.env = { ...variables };
  });

  it('records the telemetry of an app with its own options, and sends nothing', async () => {
    const collector = await ScriptedOtlpServer.start();
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.grpcUrl;
    process.env['OTEL_SDK_DISABLED'] = 'true';
    const { app, telemetry, ask } = await start({
      service: { name: 'orders' },
      otlp: { endpoint: collector.grpcUrl, tls: { caFile: '/not/there' } },
      traces: { ratio: 0 },
    });
    expect(await ask()).toBe('placed');

    expectSpanTree(await telemetry.waitForSpans(2), {
      name: 'GET /orders',
      kind: 'server',
      service: 'orders',
      children: [{ name: 'Orders.place' }],
    });
    const metrics = await telemetry.collectMetrics();
    const named = Object.fromEntries(metrics.map((one) => [one.descriptor.name, one.dataPoints]));
    expect(named['orders.placed']).toMatchObject([{ value: 1, attributes: { kind: 'test' } }]);
    expect(Object.keys(named)).toContain('http.server.request.duration');
    expect(Object.keys(named).filter((name) => /^(nodejs|v8js)\./.test(name))).toEqual([]);
    const record = telemetry.logRecords().find(({ body }) => body === 'placed');
    const [inner] = telemetry.finishedSpans();
    expect(record?.spanContext?.spanId).toBe(inner?.spanContext().spanId);

    await telemetry.reset();
    expect([...telemetry.finishedSpans(), ...telemetry.logRecords()]).toEqual([]);
    await app.close();
    expect(collector.requests()).toEqual([]);
    await collector.close();
  });

  it("keeps the app's own processors and its other options", async () => {
    const seen: string[] = [];
    const nothing = { forceFlush: async () => {}, shutdown: async () => {} };
    const { app, telemetry, ask } = await start({
      http: { server: false },
      traces: {
        processors: [
          {
            ...nothing,
            onStart: (span) => void span.setAttribute('own', true),
            onEnd: (span) => void seen.push(span.name),
          },
        ],
      },
    });
    await ask();
    expect(telemetry.finishedSpans()).toMatchObject([
      { name: 'Orders.place', attributes: { own: true } },
    ]);
    expect(seen).toEqual(['Orders.place']);
    await app.close();
  });

  it('records each app separately', async () => {
    const one = await start({ service: { name: 'one' } });
    const two = await start({ service: { name: 'two' } });
    await one.ask();
    await one.telemetry.waitForSpans(2);
    expect(two.telemetry.finishedSpans()).toEqual([]);
    await Promise.all([one.app.close(), two.app.close()]);
  });

  it('says that no module imports OtelModule, or which option is wrong', async () => {
    const alone = Test.createTestingModule({ imports: [OtelTestingModule.forRoot()] }).compile();
    await expect(alone).rejects.toThrow('Put OtelModule.forRoot() into the imports as well.');
    const wrong = { http: { ignores: [] } } as unknown as OtelModuleOptions;
    await expect(start(wrong)).rejects.toThrow('http.ignores');
  });
});
