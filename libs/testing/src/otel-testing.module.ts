import type { DynamicModule } from '@nestjs/common';
import type { OtelModuleOptions } from '@nestlens/otel';
import { MemoryTelemetry } from './memory-telemetry.js';
import { TestTelemetry } from './test-telemetry.js';

/**
 * `OtelModule` injects a function under this token, and passes the app's options through it. See its
 * `test-options.ts`.
 */
const OTEL_TEST_OPTIONS = Symbol.for('nestlens.otel.test-options');
/** `OtelModule` exports its tracer under this token. */
const OTEL_TRACER = Symbol.for('nestlens.otel.tracer');

/**
 * Records an app in its own tests: beside the app's modules it makes `OtelModule` keep spans, metrics and log records
 * in memory and send nothing. The app's own modules and options stay as they are.
 *
 * ```ts
 * const testing = await Test.createTestingModule({
 *   imports: [AppModule, OtelTestingModule.forRoot()],
 * }).compile();
 * const telemetry = testing.get(TestTelemetry);
 * ```
 *
 * An app under test differs from the app in production: every trace is recorded, whatever the sampler; nothing is
 * exported, so `otlp` and the variables of exporters are not read; no detector describes the machine; runtime metrics
 * and the start block are off. The app's own processors and readers stay. Recording ends with `app.close()`.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
export class OtelTestingModule {
  /**
   * Returns a module for one app. Each call records separately. The module is global.
   *
   * `compile()` rejects if the app does not import `OtelModule`. A test of modules without the root module
   * imports `OtelModule.forRoot()` beside them.
   */
  static forRoot(): DynamicModule {
    const telemetry = new MemoryTelemetry('delta');
    return {
      module: OtelTestingModule,
      global: true,
      providers: [
        {
          provide: TestTelemetry,
          inject: [{ token: OTEL_TRACER, optional: true }],
          useFactory(tracer: unknown) {
            if (tracer !== undefined) return telemetry;
            throw new Error(
              'OtelTestingModule has nothing to record: no module of the test imports OtelModule. ' +
                'Put OtelModule.forRoot() into the imports as well.',
            );
          },
        },
        {
          provide: OTEL_TEST_OPTIONS,
          useValue: (given: OtelModuleOptions) => inMemory(given, telemetry),
        },
      ],
      exports: [TestTelemetry, OTEL_TEST_OPTIONS],
    };
  }
}

const inMemory = (given: OtelModuleOptions, telemetry: MemoryTelemetry): OtelModuleOptions => ({
  ...given,
  otlp: {},
  // Detectors of hosts and containers answer later than the first span.
  resource: { ...given.resource, detectors: ['env'] },
  diagnostics: { ...given.diagnostics, startupReport: false },
  traces: {
    ...given.traces,
    exporters: ['none'],
    sampler: 'always_on',
    processors: [...(given.traces?.processors ?? []), telemetry.spanProcessor],
  },
  metrics: {
    ...given.metrics,
    exporters: ['none'],
    runtime: false,
    readers: [...(given.metrics?.readers ?? []), telemetry.metricReader],
  },
  logs: {
    ...given.logs,
    exporters: ['none'],
    processors: [...(given.logs?.processors ?? []), telemetry.logRecordProcessor],
  },
});
