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
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace';
import { Arrivals } from './arrivals.js';
import type { WaitOptions, Wanted } from './arrivals.js';
import { takeGlobals } from './global-api.js';
import { OnDemandReader } from './on-demand-reader.js';
import type { RecordedMetric } from './on-demand-reader.js';
import { formatSpanTree } from './span-tree-format.js';

/** Options of `recordTelemetry`. */
export interface RecordTelemetryOptions {
  /** `service.name`. Default: `test`. */
  serviceName?: string;
  /** Added to the resource. Default: none. */
  resource?: Attributes;
  /** Default: everything is recorded. */
  sampler?: Sampler;
  /**
   * Default: OpenTelemetry's own on AsyncLocalStorage. The HTTP server instrumentation of `@nestlens/otel` needs the
   * AsyncContextManager of that package.
   */
  contextManager?: ContextManager;
  /**
   * `delta`: collectMetrics() gives what was recorded since it was last called; `cumulative`: since the
   * start. Up-down counters are always cumulative. Default: `delta`.
   */
  temporality?: 'delta' | 'cumulative';
}

/** Telemetry that stays in memory, as `recordTelemetry` gives it. */
export interface RecordedTelemetry {
  /** Ended and sampled spans, in the order of their ends. */
  finishedSpans(): readonly ReadableSpan[];
  /** Log records, in the order in which they were emitted. */
  logRecords(): readonly ReadableLogRecord[];
  /** Every instrument with at least one point; asks observable ones. Rejects if a callback throws. */
  collectMetrics(): Promise<readonly RecordedMetric[]>;
  /** Resolves with all finished spans as soon as they are what is wanted. */
  waitForSpans(
    wanted: Wanted<ReadableSpan>,
    options?: WaitOptions,
  ): Promise<readonly ReadableSpan[]>;
  /** Resolves with all log records as soon as they are what is wanted. */
  waitForLogRecords(
    wanted: Wanted<ReadableLogRecord>,
    options?: WaitOptions,
  ): Promise<readonly ReadableLogRecord[]>;
  /** Forgets spans and log records at once, and metrics (unless cumulative) when its promise resolves. */
  reset(): Promise<void>;
  /** Puts back the global providers of before, if any, and shuts the recording ones down. Safe twice. */
  restore(): Promise<void>;
}

/**
 * Makes pipelines that end in memory the global providers of `@opentelemetry/api`, together with a context
 * manager and the W3C propagators. What was global before comes back with `restore()`. Where `@nestlens/otel` is
 * loaded, tracers and instruments that code has kept since earlier record too; otherwise only new ones do.
 */
export const recordTelemetry = (options: RecordTelemetryOptions = {}): RecordedTelemetry => {
  const resource = resourceFromAttributes({
    'service.name': options.serviceName ?? 'test',
    ...options.resource,
  });
  const spans = new Arrivals<ReadableSpan>('finished spans', (all) =>
    all.length === 0 ? '' : formatSpanTree(all),
  );
  const records = new Arrivals<ReadableLogRecord>('log records', formatRecords);
  const reader = new OnDemandReader(options.temporality ?? 'delta');
  const providers = providersOf(resource, spans, records, reader, options.sampler);
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
  return {
    finishedSpans: () => spans.all(),
    logRecords: () => records.all(),
    collectMetrics: () => reader.metrics(),
    waitForSpans: (wanted, wait) => spans.wait(wanted, wait),
    waitForLogRecords: (wanted, wait) => records.wait(wanted, wait),
    reset: async () => {
      spans.clear();
      records.clear();
      await reader.metrics();
    },
    restore: () => (restored ??= restore()),
  };
};

const providersOf = (
  resource: Resource,
  spans: Arrivals<ReadableSpan>,
  records: Arrivals<ReadableLogRecord>,
  reader: OnDemandReader,
  sampler: Sampler | undefined,
): {
  tracerProvider: TracerProvider;
  meterProvider: MeterProvider;
  loggerProvider: LoggerProvider;
} => ({
  tracerProvider: new TracerProvider({
    resource,
    spanProcessors: [recordSpans(spans)],
    ...(sampler === undefined ? {} : { sampler }),
  }),
  meterProvider: new MeterProvider({ resource, readers: [reader] }),
  loggerProvider: new LoggerProvider({ resource, processors: [recordLogs(records)] }),
});

/** Bit 0 of the trace flags: sampled. W3C Trace Context, section 3.2.2.5. */
const SAMPLED = 1;

const recordSpans = (spans: Arrivals<ReadableSpan>): SpanProcessor => ({
  onStart: () => {},
  onEnd: (span) => {
    if ((span.spanContext().traceFlags & SAMPLED) !== 0) spans.add(span);
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
});

const recordLogs = (records: Arrivals<ReadableLogRecord>): LogRecordProcessor => ({
  onEmit: (record) => records.add(record),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
});

const formatRecords = (records: readonly ReadableLogRecord[]): string =>
  records
    .map((record) => `${record.severityText ?? '-'} ${JSON.stringify(record.body)}`)
    .join('\n');
