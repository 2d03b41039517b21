import type { LoggerService } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { useLeakCheck } from '@nestlens/testing';
import type { OtelModuleOptions } from './options/otel.options.js';
import { ENGINES } from './options/fixtures/engines.js';
import { OtelModule } from './otel.module.js';
import { OTEL_CONFIG } from './options/otel.config.js';
import type { OtelConfig } from './options/otel.config.js';

const named = (name: string, otlp: OtelModuleOptions['otlp']): OtelModuleOptions => ({
  service: { name },
  ...(otlp && { otlp }),
  traces: { exporters: ['none'] },
  metrics: { exporters: ['none'], runtime: false },
  logs: { exporters: ['none'] },
  resource: { detectors: [] },
  diagnostics: { startupReport: false },
});

describe('OtelModule.flush', () => {
  it('accepts any remaining time, and never throws', async () => {
    const left: unknown[] = [-1, Number.NaN, 1.5, Number.POSITIVE_INFINITY, '5', null];
    for (const within of left) expect(await OtelModule.flush(within as number)).toEqual([]);
    expect(await OtelModule.flush(AbortSignal.abort())).toEqual([]);
  });
});

describe.each(ENGINES)('OtelModule with the engine %s', (engine) => {
  useLeakCheck();

  it('uses the options of the first import if there are two, and warns once', async () => {
    @Module({ imports: [OtelModule.forRoot(named('second', { engine: 'sdk' }))] })
    class Feature {}
    @Module({ imports: [OtelModule.forRoot(named('first', { engine })), Feature] })
    class Root {}
    const warnings: string[] = [];
    const quiet = (): void => {};
    const logger: LoggerService = {
      log: quiet,
      error: quiet,
      warn: (line: string) => void warnings.push(line),
    };
    const app = await NestFactory.create(Root, { logger, abortOnError: false });
    await app.init();
    expect(app.get<OtelConfig>(OTEL_CONFIG, { strict: false }).service.name).toBe('first');
    expect(app.get<OtelConfig>(OTEL_CONFIG, { strict: false }).otlp.engine).toBe(engine);
    await app.close();
    expect(warnings).toEqual([
      expect.stringMatching(/imported with options 2 times .* those of the first import are used/),
    ]);
  });
});
