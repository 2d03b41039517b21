import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import type {
  DynamicModule,
  LoggerService,
  OnApplicationBootstrap,
  OnModuleInit,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { OTEL_TRACER, OtelModule } from '@nestlens/otel';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { trace } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';

class Lines implements LoggerService {
  readonly all: string[] = [];
  log = (line: unknown): void => void this.all.push(String(line));
  warn = this.log;
  error = this.log;
}

type Fault = 'none' | 'constructor' | 'onModuleInit' | 'onApplicationBootstrap';

@Injectable()
class Part implements OnModuleInit, OnApplicationBootstrap {
  static fault: Fault = 'none';

  constructor() {
    if (Part.fault === 'constructor') throw new Error('cannot start');
  }

  onModuleInit(): void {
    if (Part.fault === 'onModuleInit') throw new Error('cannot start');
  }

  onApplicationBootstrap(): void {
    if (Part.fault === 'onApplicationBootstrap') throw new Error('cannot start');
  }
}

@Module({})
class AppModule {}

describe('a start that fails', () => {
  useLeakCheck();

  let server: ScriptedOtlpServer;
  let lines: Lines;
  let busy: number;

  const moduleOf = (name: string): DynamicModule => ({
    module: AppModule,
    imports: [
      OtelModule.forRoot({
        service: { name },
        otlp: { protocol: 'http/protobuf', endpoint: server.httpUrl, worker: false },
        metrics: { exporters: ['none'] },
        resource: { detectors: [] },
        diagnostics: { startupReport: false },
      }),
    ],
    providers: [
      {
        provide: 'EARLY',
        inject: [OTEL_TRACER],
        async useFactory(tracer: Tracer): Promise<void> {
          let early = tracer.startSpan('early');
          for (let turn = 0; !early.isRecording() && turn < 1000; turn += 1) {
            await new Promise(setImmediate);
            early = tracer.startSpan('early');
          }
          early.end();
        },
      },
      { provide: Part, inject: ['EARLY'], useFactory: () => new Part() },
    ],
  });
  const settings = () => ({ logger: lines, abortOnError: false }) as const;
  const create = (name: string) => NestFactory.create(moduleOf(name), settings());
  const spans = (): string[] =>
    server
      .spans()
      .map(({ resource, name }) => `${resource.attributes['service.name'] as string} ${name}`);

  beforeEach(async () => {
    server = await ScriptedOtlpServer.start();
    lines = new Lines();
    Part.fault = 'none';
  });
  afterEach(() => server.close());

  it.each<readonly [string, Fault, () => Promise<unknown>]>([
    ['NestFactory.create', 'constructor', () => create('first')],
    [
      'createApplicationContext',
      'onModuleInit',
      () => NestFactory.createApplicationContext(moduleOf('first'), settings()),
    ],
    [
      'compile() of a testing module',
      'constructor',
      () =>
        Test.createTestingModule({ imports: [moduleOf('first')] })
          .setLogger(lines)
          .compile(),
    ],
    ['app.init(), by onModuleInit', 'onModuleInit', async () => (await create('first')).init()],
    [
      'app.init(), by onApplicationBootstrap',
      'onApplicationBootstrap',
      async () => (await create('first')).init(),
    ],
    [
      'app.listen(), which is followed by a close',
      'none',
      async () => {
        const taken = createServer().listen(0, '127.0.0.1');
        await once(taken, 'listening');
        busy = (taken.address() as AddressInfo).port;
        const app = await create('first');
        await expect(app.listen(busy, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
        await app.close();
        await once(taken.close(), 'close');
        throw new Error('cannot start');
      },
    ],
  ])(
    'in %s gives the globals to the next app, and the telemetry of both arrives',
    async (_what, fault, start) => {
      Part.fault = fault;
      await expect(start()).rejects.toThrow('cannot start');
      Part.fault = 'none';
      const next = await create('next');
      trace.getTracer('users').startSpan('while it starts').end();
      await next.listen(0, '127.0.0.1');
      trace.getTracer('users').startSpan('of no request').end();
      const all = await OtelModule.flush(100_000);
      await next.close();
      expect(spans()).toEqual(
        expect.arrayContaining([
          'first early',
          'next early',
          'next while it starts',
          'next of no request',
        ]),
      );
      expect(spans().filter((span) => /^first (while|of)/.test(span))).toEqual([]);
      expect(lines.all.filter((line) => line.includes('in the same process'))).toEqual([]);
      expect(all.map(({ service }) => service)).toContain('next');
    },
  );

  it('is closed even if the logger of the app throws', async () => {
    Part.fault = 'constructor';
    await expect(create('first')).rejects.toThrow('cannot start');
    Part.fault = 'none';
    const asked: string[] = [];
    lines.warn = (line) => {
      asked.push(String(line));
      throw new Error('no line');
    };
    const next = await create('next');
    await OtelModule.flush(100_000);
    await next.close();
    expect(asked).toContainEqual(expect.stringContaining('The start of "first"'));
    expect(spans()).toEqual(expect.arrayContaining(['first early', 'next early']));
  });

  it('is not assumed of an app that was only created: two apps in a process lead to one warning', async () => {
    const apps = [await create('first'), await create('second')];
    expect(lines.all.filter((line) => line.includes('in the same process'))).toEqual([]);
    for (const app of apps) await app.listen(0, '127.0.0.1');
    trace.getTracer('users').startSpan('of no request').end();
    const services = (await OtelModule.flush(100_000)).map(({ service }) => service);
    for (const app of apps) await app.close();
    expect(services).toEqual(['first', 'second']);
    expect(spans()).toContain('first of no request');
    const told = lines.all.filter((line) => line.includes('in the same process'));
    expect(told).toEqual([
      expect.stringContaining('Telemetry of "second" starts while that of "first" runs'),
    ]);
  });
});
