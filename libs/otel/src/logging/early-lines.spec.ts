import { ConsoleLogger, Logger, Module } from '@nestjs/common';
import type { DynamicModule, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { AsyncContextManager } from '../context/async-context-manager.js';
import { OtelModule } from '../otel.module.js';
import { currentLogger, keepEarlyLines, takeEarlyLines } from './early-lines.js';
import { OtelLogger } from './otel-logger.js';

const DEFAULT = currentLogger() as ConsoleLogger;

@Module({})
class Root {}

describe('lines of Nest before the app has a logger', () => {
  let recorded: RecordedTelemetry;
  let printed: string[];
  const write: unknown = Reflect.get(process.stdout, 'write');

  beforeEach(() => {
    recorded = recordTelemetry({ contextManager: new AsyncContextManager() });
    printed = [];
    Reflect.set(process.stdout, 'write', (text: unknown) => printed.push(String(text)));
  });
  afterEach(async () => {
    Reflect.set(process.stdout, 'write', write);
    takeEarlyLines();
    Logger.overrideLogger(DEFAULT);
    Reflect.set(Logger, 'logLevels', undefined);
    await recorded.restore();
  });

  /** The root module, as `main.ts` makes it. */
  const root = (): DynamicModule => {
    const otel = OtelModule.forRoot({
      resource: { detectors: [] },
      traces: { exporters: ['none'] },
      metrics: { exporters: ['none'] },
      logs: { exporters: ['console'] },
    });
    // A fixed clock shows that the record has the time of the line.
    const { now } = Date;
    Date.now = () => 4e12;
    new Logger('Import').log('before the app');
    Date.now = now;
    return { module: Root, imports: [otel] };
  };
  const records = () =>
    recorded
      .logRecords()
      .map(({ body, instrumentationScope: { name } }) => `${name}: ${String(body)}`);
  const run = async (
    options: NestApplicationOptions,
    choose: boolean = true,
  ): Promise<readonly string[]> => {
    const app = await NestFactory.create(root(), options);
    if (choose) app.useLogger(app.get(OtelLogger));
    await app.init();
    // In this turn a context without a server would have chosen its logger.
    await new Promise(setImmediate);
    await app.close();
    const blocks = printed.filter((text) => text.includes('Nest logger'));
    return blocks.flatMap((text) =>
      text.split('\n').filter((line) => line.includes('Nest logger')),
    );
  };

  it('become records once the app uses our logger, with order and times unchanged', async () => {
    const rows = await run({});
    expect(records().slice(0, 2)).toEqual([
      'Import: before the app',
      'NestFactory: Starting Nest application...',
    ]);
    expect(records()).toContain('InstanceLoader: Root dependencies initialized');
    expect(printed.filter((text) => text.includes('before the app'))).toHaveLength(1);
    expect(recorded.logRecords()[0]?.hrTime).toEqual([4e9, 0]);
    expect(rows).toEqual([expect.stringMatching(/\+ Nest logger +OtelLogger/)]);
    expect(currentLogger()).toBeInstanceOf(OtelLogger);
  });

  it('become records once if the app buffers them', async () => {
    await run({ bufferLogs: true });
    expect(new Set(records()).size).toBe(records().length);
    expect(records()).toContain('NestFactory: Starting Nest application...');
  });

  it('are not reported as held if the app has chosen a logger that does not send them', async () => {
    class AppLogger extends ConsoleLogger {}
    const app = await NestFactory.create(root(), { bufferLogs: true });
    app.useLogger(new AppLogger());
    await app.init();
    await app.close();
    const block = printed.find((text) => text.includes('Nest logger'));
    expect(block).toMatch(/- Nest logger +the lines of AppLogger are not sent/);
    expect(block).not.toContain('bufferLogs holds');
  });

  it('are reported as not sent if they went to a logger of the app', async () => {
    const rows = await run({ logger: new ConsoleLogger() });
    expect(records()).not.toContain('NestFactory: Starting Nest application...');
    expect(rows).toEqual([
      expect.stringMatching(/\+ Nest logger +OtelLogger/),
      expect.stringMatching(/- Nest logger at start +the lines before .*bufferLogs: true/),
    ]);
  });

  it("go to Nest's own logger with the app's levels if the app keeps it", async () => {
    await run({ logger: ['warn'] }, false);
    expect(records()).toEqual([]);
    expect(currentLogger()).toBe(DEFAULT);
    expect(DEFAULT.isLevelEnabled('log')).toBe(false);
    DEFAULT.setLogLevels(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
  });

  it('belong to the app that starts while another ends', async () => {
    const other = await NestFactory.create(root(), {});
    await other.init();
    await new Promise(setImmediate);
    const starting = root();
    await other.close();
    await recorded.reset();
    const app = await NestFactory.create(starting, {});
    app.useLogger(app.get(OtelLogger));
    await app.init();
    await app.close();
    // Nest has one logger for the process, so the last lines of the other app are among these.
    expect(records()[0]).toBe('Import: before the app');
    expect(records()).toContain('NestFactory: Starting Nest application...');
  });

  it('wait, in a context without a server, until its main.ts chooses a logger', async () => {
    const app = await NestFactory.createApplicationContext(root());
    app.useLogger(app.get(OtelLogger));
    await new Promise(setImmediate);
    await app.close();
    expect(records()).toContain('NestFactory: Starting Nest application...');
  });

  it('are limited to 1000, and the start block reports the rest', async () => {
    keepEarlyLines();
    for (let line = 0; line < 1010; line++) Logger.log(`line ${line}`);
    const rows = await run({});
    const ours = records().filter((record) => record.includes(': line '));
    expect([ours.length, ours.at(-1)]).toEqual([1000, '@nestlens/otel: line 999']);
    expect(rows.at(-1)).toMatch(/- Nest logger at start +\d+ lines before .* are not sent/);
  });

  it('are not held if the app has chosen a logger before', () => {
    const own = new ConsoleLogger({ json: true });
    Logger.overrideLogger(own);
    keepEarlyLines();
    expect(currentLogger()).toBe(own);
  });
});
