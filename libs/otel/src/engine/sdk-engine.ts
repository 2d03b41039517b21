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
import { OutcomeCounts } from './outcome-counts.js';

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
    counts: OutcomeCounts,
    countOf: (items: I) => number,
  ) =>
  (items: I, done: (result: ExportResult) => void): void => {
    counts.track(countOf(items), (settled) => run(items, settled), done);
  };

const batchOptions = (config: OtelConfig['traces']['batch'], counts: OutcomeCounts) => ({
  maxQueueSize: config.maxQueueSize,
  maxExportBatchSize: config.maxBatchSize,
  scheduledDelayMillis: config.delayMs,
  exportTimeoutMillis: config.timeoutMs,
  selfObsMeterProvider: queueDrops((count) => counts.dropped('queue_full', count)),
});

/** The official flush does not wait for the batch that is on its way, and leaves the exporter open when it fails. */
const settle = async (
  counts: OutcomeCounts,
  run: () => Promise<void>,
  close?: () => Promise<void>,
) => {
  try {
    await run();
    await counts.settled();
  } finally {
    await close?.();
  }
};

const spanProcessor = (
  exporter: SpanExporter,
  config: OtelConfig,
  counts: OutcomeCounts,
  live: LiveSpans,
): SpanProcessor => {
  const inner = new BatchSpanProcessor({
    exporter: {
      export: counted(exporter.export.bind(exporter), counts, (spans) => spans.length),
      shutdown: () => exporter.shutdown(),
    },
    ...batchOptions(config.traces.batch, counts),
  });
  let closed = false;
  return {
    onStart(span, parent) {
      live.started(span);
      inner.onStart(span, parent);
    },
    onEnd(span) {
      if (live.ended(span) && !closed) counts.created(1);
      inner.onEnd(span);
    },
    forceFlush: () => settle(counts, () => inner.forceFlush()),
    shutdown() {
      closed = true;
      return settle(
        counts,
        () => inner.shutdown(),
        () => exporter.shutdown(),
      );
    },
  };
};

const logProcessor = (
  exporter: LogRecordExporter,
  config: OtelConfig,
  counts: OutcomeCounts,
): LogRecordProcessor => {
  const inner = new BatchLogRecordProcessor({
    exporter: {
      export: counted(exporter.export.bind(exporter), counts, (records) => records.length),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    },
    ...batchOptions(config.logs.batch, counts),
  });
  let closed = false;
  return {
    onEmit(record) {
      if (!closed) counts.created(1);
      inner.onEmit(record);
    },
    forceFlush: () => settle(counts, () => inner.forceFlush()),
    shutdown() {
      closed = true;
      return settle(
        counts,
        () => inner.shutdown(),
        () => exporter.shutdown(),
      );
    },
  };
};

const metricReader = (
  exporter: PushMetricExporter,
  config: OtelConfig,
  counts: OutcomeCounts,
): IMetricReader => {
  const reader = new PeriodicExportingMetricReader({
    exporter: {
      // Points are born when they are collected; spans and records were counted when they ended.
      export: counted(exporter.export.bind(exporter), counts, (metrics) => {
        const count = pointsOf(metrics);
        counts.created(count);
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
    certificates.length === 0 || config.metrics.self === 'off' ? undefined : pipelineMeter(meters),
    () => certificates,
  );
};

/** The engine `sdk`: OpenTelemetry's own batch processors and OTLP exporters, with an account of outcomes. */
export const createSdkEngine = async (
  config: OtelConfig,
  meters: MeterProvider = globalProviders.meters,
): Promise<ExportEngine> => {
  const exporters = await loadExporters(config);
  const counts: Record<Signal, OutcomeCounts> = {
    traces: new OutcomeCounts(),
    metrics: new OutcomeCounts(),
    logs: new OutcomeCounts(),
  };
  const live = new LiveSpans();
  const spans = exporters.spans && spanProcessor(exporters.spans, config, counts.traces, live);
  const records = exporters.logs && logProcessor(exporters.logs, config, counts.logs);
  const stopCertificates = observeCertificates(config, meters);
  const isDetailed = config.metrics.self === 'detailed';
  const stopLive = liveSpanMetrics(isDetailed && spans ? pipelineMeter(meters) : undefined, live);
  return {
    name: 'sdk',
    destinations: shownDestinations(config),
    spanProcessor: spans,
    logRecordProcessor: records,
    metricReader: exporters.metrics && metricReader(exporters.metrics, config, counts.metrics),
    status: () => ({
      traces: counts.traces.status(),
      metrics: counts.metrics.status(),
      logs: counts.logs.status(),
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
