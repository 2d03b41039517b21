import type { Attributes, ContextManager } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { ownTracerProvider, takeGlobals } from './global-api.js';
import type { RecordingTracerProvider } from './global-api.js';
import { MemoryTelemetry } from './memory-telemetry.js';
import type { TestTelemetry } from './test-telemetry.js';

/** Options of `recordTelemetry`. */
export interface RecordTelemetryOptions {
  /** `service.name`. Default: `test`. */
  serviceName?: string;
  /** Further attributes of the resource. Default: none. */
  resource?: Attributes;
  /** Sampler. Default: every span is recorded. */
  sampler?: Sampler;
  /**
   * What makes spans: the tracer of `@nestlens/otel`, or that of `@opentelemetry/sdk-trace`. Default: `nestlens` if that
   * package is loaded, else `sdk`.
   */
  tracer?: 'nestlens' | 'sdk';
  /**
   * Context manager. Default: OpenTelemetry's own, on AsyncLocalStorage. The HTTP server instrumentation of
   * `@nestlens/otel` needs the AsyncContextManager of that package.
   */
  contextManager?: ContextManager;
  /**
   * `delta`: collectMetrics() returns the measurements since its last call. `cumulative`: it returns those
   * since the start. Up-down counters are always cumulative. Default: `delta`.
   */
  temporality?: 'delta' | 'cumulative';
}

/** Telemetry that stays in memory, made by `recordTelemetry`. */
export interface RecordedTelemetry extends TestTelemetry {
  /** Restores the previous global providers, if any, and shuts the recording ones down. Safe to call twice. */
  restore(): Promise<void>;
}

/**
 * Registers providers that record in memory as the globals of `@opentelemetry/api`, with a context manager and
 * the W3C propagators. `restore()` restores the previous globals. If `@nestlens/otel` is loaded, tracers and
 * instruments that were obtained earlier record too; otherwise only new ones do.
 */
export const recordTelemetry = (options: RecordTelemetryOptions = {}): RecordedTelemetry => {
  const resource = resourceFromAttributes({
    'service.name': options.serviceName ?? 'test',
    ...options.resource,
  });
  const telemetry = new MemoryTelemetry(options.temporality ?? 'delta');
  const providers = providersOf(resource, telemetry, options);
  const giveBack = takeGlobals({
    ...providers,
    contextManager: options.contextManager ?? new AsyncLocalStorageContextManager(),
    propagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  });

  let restored: Promise<void> | undefined;
  const restore = async (): Promise<void> => {
    giveBack();
    await Promise.all(Object.values(providers).map((provider) => provider.shutdown()));
  };
  return Object.assign(telemetry, { restore: () => (restored ??= restore()) });
};

const providersOf = (
  resource: Resource,
  { spanProcessor, metricReader, logRecordProcessor }: MemoryTelemetry,
  { sampler, tracer = 'nestlens' }: RecordTelemetryOptions,
): {
  tracerProvider: RecordingTracerProvider;
  meterProvider: MeterProvider;
  loggerProvider: LoggerProvider;
} => {
  const traced = {
    resource,
    spanProcessors: [spanProcessor],
    ...(sampler === undefined ? {} : { sampler }),
  };
  const own = tracer === 'sdk' ? undefined : ownTracerProvider(traced);
  return {
    tracerProvider: own ?? new TracerProvider(traced),
    meterProvider: new MeterProvider({ resource, readers: [metricReader] }),
    loggerProvider: new LoggerProvider({ resource, processors: [logRecordProcessor] }),
  };
};
