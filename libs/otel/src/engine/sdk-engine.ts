import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { LogRecordExporter, LogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type {
  IMetricReader,
  PushMetricExporter,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { MeterProvider } from '@opentelemetry/api';
import {
  SIGNALS,
  LiveSpans,
  certificateMetrics,
  liveSpanMetrics,
  unendedText,
} from '@nestlens/otlp';
import type { ExportResult } from '@opentelemetry/core';
import { boundedReader } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import { globalProviders } from '../late-bound/globals.js';
import { boundsOf } from './bounds.js';
import type { OtelConfig } from '../options/otel.config.js';
import { shownDestinations } from './destinations.js';
import type { Signal } from '@nestlens/otlp';
import type { ExportEngine } from './engine.js';
import { loadExporters } from './exporters.js';
import { pipelineMeter } from './pipeline-meter.js';
import { queueDrops } from './queue-drops.js';
import { Tally } from './tally.js';

const pointsOf = (metrics: ResourceMetrics): number => {
  let count = 0;
  for (const scope of metrics.scopeMetrics) {
    for (const metric of scope.metrics) count += metric.dataPoints.length;
  }
  return count;
};

/** An exporter's `export` that counts the outcome of its items. */
const counted =
  <I>(
    run: (items: I, done: (result: ExportResult) => void) => void,
    tally: Tally,
    countOf: (items: I) => number,
  ) =>
  (items: I, done: (result: ExportResult) => void): void => {
    tally.track(countOf(items), (settled) => run(items, settled), done);
  };

const batchOptions = (config: OtelConfig['traces']['batch'], tally: Tally) => ({
  maxQueueSize: config.maxQueueSize,
  maxExportBatchSize: config.maxBatchSize,
  scheduledDelayMillis: config.delayMs,
  exportTimeoutMillis: config.timeoutMs,
  selfObsMeterProvider: queueDrops((count) => tally.dropped('queue_full', count)),
});

/** The official flush does not wait for the batch that is on its way, and leaves the exporter open when it fails. */
const settle = async (tally: Tally, run: () => Promise<void>, close?: () => Promise<void>) => {
  try {
    await run();
    await tally.settled();
  } finally {
    await close?.();
  }
};

const spanProcessor = (
  exporter: SpanExporter,
  config: OtelConfig,
  tally: Tally,
  live: LiveSpans,
): SpanProcessor => {
  const inner = new BatchSpanProcessor({
    exporter: {
      export: counted(exporter.export.bind(exporter), tally, (spans) => spans.length),
      shutdown: () => exporter.shutdown(),
    },
    ...batchOptions(config.traces.batch, tally),
  });
  let closed = false;
  return {
    onStart(span, parent) {
      live.started(span);
      inner.onStart(span, parent);
    },
    onEnd(span) {
      if (live.ended(span) && !closed) tally.created(1);
      inner.onEnd(span);
    },
    forceFlush: () => settle(tally, () => inner.forceFlush()),
    shutdown() {
      closed = true;
      return settle(
        tally,
        () => inner.shutdown(),
        () => exporter.shutdown(),
      );
    },
  };
};

const logProcessor = (
  exporter: LogRecordExporter,
  config: OtelConfig,
  tally: Tally,
): LogRecordProcessor => {
  const inner = new BatchLogRecordProcessor({
    exporter: {
      export: counted(exporter.export.bind(exporter), tally, (records) => records.length),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    },
    ...batchOptions(config.logs.batch, tally),
  });
  let closed = false;
  return {
    onEmit(record) {
      if (!closed) tally.created(1);
      inner.onEmit(record);
    },
    forceFlush: () => settle(tally, () => inner.forceFlush()),
    shutdown() {
      closed = true;
      return settle(
        tally,
        () => inner.shutdown(),
        () => exporter.shutdown(),
      );
    },
  };
};

const metricReader = (
  exporter: PushMetricExporter,
  config: OtelConfig,
  tally: Tally,
): IMetricReader => {
  const reader = new PeriodicExportingMetricReader({
    exporter: {
      // Points are born when they are collected; spans and records were counted when they ended.
      export: counted(exporter.export.bind(exporter), tally, (metrics) => {
        const count = pointsOf(metrics);
        tally.created(count);
        return count;
      }),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
      selectAggregation: (type) =>
        exporter.selectAggregation?.(type) ?? { type: AggregationType.DEFAULT },
      selectAggregationTemporality: (type) =>
        exporter.selectAggregationTemporality?.(type) ?? AggregationTemporality.CUMULATIVE,
    },
    exportIntervalMillis: config.metrics.intervalMs,
    exportTimeoutMillis: config.metrics.timeoutMs,
  });
  return boundedReader(reader, boundsOf(config));
};

/** The official exporters read their files once, so the facts read at start stay true. */
const observeCertificates = (config: OtelConfig, meters: MeterProvider): (() => void) => {
  const certificates = SIGNALS.flatMap((signal) => {
    const expiresAt = config.otlp[signal].tls?.expiresAt;
    const goes = expiresAt !== undefined && config[signal].exporters.includes('otlp');
    return goes ? [{ signals: [signal], expiresAt }] : [];
  });
  return certificateMetrics(
    certificates.length === 0 ? undefined : pipelineMeter(meters),
    () => certificates,
  );
};

/** The engine `sdk`: OpenTelemetry's own batch processors and OTLP exporters, with an account of outcomes. */
export const createSdkEngine = async (
  config: OtelConfig,
  meters: MeterProvider = globalProviders.meters,
): Promise<ExportEngine> => {
  const exporters = await loadExporters(config);
  const tallies: Record<Signal, Tally> = {
    traces: new Tally(),
    metrics: new Tally(),
    logs: new Tally(),
  };
  const live = new LiveSpans();
  const spans = exporters.spans && spanProcessor(exporters.spans, config, tallies.traces, live);
  const records = exporters.logs && logProcessor(exporters.logs, config, tallies.logs);
  const stopCertificates = observeCertificates(config, meters);
  const stopLive = liveSpanMetrics(spans && pipelineMeter(meters), live);
  return {
    name: 'sdk',
    destinations: shownDestinations(config),
    spanProcessor: spans,
    logRecordProcessor: records,
    metricReader: exporters.metrics && metricReader(exporters.metrics, config, tallies.metrics),
    status: () => ({
      traces: tallies.traces.status(),
      metrics: tallies.metrics.status(),
      logs: tallies.logs.status(),
    }),
    liveSpans: () => live.sampled,
    // The official exporters send on the loop, which gets no turn any more: queued items stay counted as queued.
    sendsAtExit: () => false,
    exit: () => {},
    // The official parts know no deadline but their own: who calls goes on without them.
    async flush() {
      await Promise.allSettled([spans?.forceFlush(), records?.forceFlush()]);
    },
    async shutdown() {
      stopCertificates();
      stopLive();
      const unended = unendedText(live);
      if (unended !== undefined) diag.warn(unended);
      await Promise.allSettled([spans?.shutdown(), records?.shutdown()]);
    },
  };
};
