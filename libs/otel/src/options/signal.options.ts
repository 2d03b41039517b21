// Generated from the tables of this room by `npm run options`. Not to be edited by hand.
import type { Sampler } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type { IdGenerator, SpanProcessor } from '@opentelemetry/sdk-trace';
import type {
  ExporterName,
  LogFormat,
  LogLevelName,
  PropagatorName,
  SamplerName,
  TracerName,
} from './option-types.js';

/**
 * How the engine `sdk` gathers ended spans and log records before an export; see `otlp.sealAfterMs`
 * for the other engine.
 */
export interface BatchOptions {
  /**
   * Most items that wait. Further ones are dropped and counted. 1 to 10000000. Engine `sdk` only.
   * Default: `OTEL_BSP_MAX_QUEUE_SIZE` (traces) or `OTEL_BLRP_MAX_QUEUE_SIZE` (logs), then 2048.
   */
  maxQueueSize?: number;
  /**
   * Items of one export, at most `maxQueueSize`. 1 to 10000000. Engine `sdk` only. Default:
   * `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` (traces) or `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE` (logs), then
   * 512.
   */
  maxBatchSize?: number;
  /**
   * Wait before a batch that is not full is sent. `traces.batch.delayMs` is also the default of
   * `otlp.sealAfterMs`. At least 1 ms. Engine `sdk` only. Default: `OTEL_BSP_SCHEDULE_DELAY`, then
   * 5000 (traces); `OTEL_BLRP_SCHEDULE_DELAY`, then 1000 (logs).
   */
  delayMs?: number;
  /**
   * Deadline of one export, the exporter's own retries included. At least 1 ms. Engine `sdk` only.
   * Default: `OTEL_BSP_EXPORT_TIMEOUT` (traces) or `OTEL_BLRP_EXPORT_TIMEOUT` (logs), then 30000.
   */
  timeoutMs?: number;
}

/** Sampling, limits, context and export of spans. */
export interface TracesOptions {
  /**
   * Where spans go. `none` switches the signal off: spans are made, and not sent. Values: `otlp`,
   * `console`, `none`. Default: `OTEL_TRACES_EXPORTER`, then `['otlp']`.
   */
  exporters?: readonly ExporterName[];
  /**
   * Which traces are recorded: a name, or a Sampler of your own. Values: `always_on`, `always_off`,
   * `traceidratio`, `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`.
   * Default: `OTEL_TRACES_SAMPLER`, then `parentbased_always_on`, or `parentbased_traceidratio`
   * where `traces.ratio` is given.
   */
  sampler?: SamplerName | Sampler;
  /**
   * Share of traces that the ratio samplers record. Ignored by the others. 0 to 1. Default:
   * `OTEL_TRACES_SAMPLER_ARG`, then 1.
   */
  ratio?: number;
  /**
   * Formats in which context is read from requests and written into them. Values: `tracecontext`,
   * `baggage`, `b3`, `b3multi`, `none`. Default: `OTEL_PROPAGATORS`, then `['tracecontext',
   * 'baggage']`.
   */
  propagators?: readonly PropagatorName[];
  /**
   * What makes spans. `nestlens`: our own tracer, whose spans cost less and never throw
   * (docs/decisions/0034-our-own-tracer.md). `sdk`: the tracer of `@opentelemetry/sdk-trace`.
   * Samplers, processors and limits are the same for both. Default: `nestlens`.
   */
  tracer?: TracerName;
  /**
   * How the engine `sdk` gathers ended spans and log records before an export; see
   * `otlp.sealAfterMs` for the other engine.
   */
  batch?: BatchOptions;
  /** Bounds of one span. Items beyond them are dropped and counted. */
  limits?: {
    /**
     * Attributes of one span. 0 to 1000000. Default: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, then
     * `OTEL_ATTRIBUTE_COUNT_LIMIT`, then 128.
     */
    attributeCount?: number;
    /**
     * Characters of one value. Longer strings are truncated. 0 to 1000000. Default:
     * `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`, then 4096
     * (`nestlens`) or no limit (`sdk`).
     */
    attributeValueLength?: number;
    /** Events of one span. 0 to 1000000. Default: `OTEL_SPAN_EVENT_COUNT_LIMIT`, then 128. */
    eventCount?: number;
    /** Links of one span. 0 to 1000000. Default: `OTEL_SPAN_LINK_COUNT_LIMIT`, then 128. */
    linkCount?: number;
    /**
     * Attributes of one event. 0 to 1000000. Default: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, then 128.
     */
    attributePerEventCount?: number;
    /**
     * Attributes of one link. 0 to 1000000. Default: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`, then 128.
     */
    attributePerLinkCount?: number;
  };
  /**
   * Span processors of your own. They run before the exporting processor, and are shut down with
   * it. Default: none.
   */
  processors?: readonly SpanProcessor[];
  /** Makes the ids of traces and spans. Default: random ids. */
  idGenerator?: IdGenerator;
}

/** Collection, limits and export of metrics, and `/metrics`. */
export interface MetricsOptions {
  /**
   * Where metrics go. `none` switches the signal off. The variable also takes `prometheus`. Values:
   * `otlp`, `console`, `none`. Default: `OTEL_METRICS_EXPORTER`, then `['otlp']`.
   */
  exporters?: readonly ExporterName[];
  /**
   * Time from the start of one export to the start of the next. At least 1 ms. Default:
   * `OTEL_METRIC_EXPORT_INTERVAL`, then 60000 (1 min).
   */
  intervalMs?: number;
  /**
   * Deadline of one export, at most `intervalMs`. At least 1 ms. Default:
   * `OTEL_METRIC_EXPORT_TIMEOUT`, then 30000.
   */
  timeoutMs?: number;
  /**
   * Whether sums count from the start (`cumulative`) or since the last export (`delta`).
   * `lowmemory`: `delta` for counters and histograms, `cumulative` for the rest. Default:
   * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, then `cumulative`.
   */
  temporality?: 'cumulative' | 'delta' | 'lowmemory';
  /**
   * Most points of one instrument, for as long as the process lives. The first attribute sets keep
   * theirs, and all others share one point with `otel.metric.overflow`. A view may set another
   * limit for its instruments. Readers of your own are not bounded. 1 to 1000000. Default: 2000.
   */
  cardinalityLimit?: number;
  /** Event loop, GC and heap metrics of Node. Default: true. */
  runtime?: boolean;
  /**
   * How much the export measures of itself. `basic`: items that were exported, that were dropped
   * and that wait, breakers, a spool, the end of client certificates, and silent signals; no count
   * that never moved. `detailed`: also items in flight, durations, live spans, and every count that
   * there can be. `off`: nothing. Default: `basic`.
   */
  self?: 'basic' | 'detailed' | 'off';
  /** Serve metrics as Prometheus text. `true` means `/metrics`. Default: false. */
  prometheus?: boolean | { path?: string };
  /** Views of the SDK: which data of each instrument is kept, and how. Default: none. */
  views?: readonly ViewOptions[];
  /** Metric readers of your own. They are shut down with ours. Default: none. */
  readers?: readonly IMetricReader[];
}

/** Lines that the logger prints, and the export of log records. */
export interface LogsOptions {
  /**
   * Where log records go. With `none` lines are printed, and nothing is sent. Values: `otlp`,
   * `console`, `none`. Default: `OTEL_LOGS_EXPORTER`, then `['otlp']`.
   */
  exporters?: readonly ExporterName[];
  /**
   * How OtelLogger prints. Values: `pretty`, `json`. Default: `json` where `NODE_ENV` is
   * `production`, else `pretty`.
   */
  format?: LogFormat;
  /**
   * Least severe level that is printed and sent. Values: `verbose`, `debug`, `log`, `warn`,
   * `error`, `fatal`. Default: `log`.
   */
  level?: LogLevelName;
  /** Send lines of pino 9.10 or later, such as nestjs-pino's, as log records. Default: true. */
  pino?: boolean;
  /**
   * How the engine `sdk` gathers ended spans and log records before an export; see
   * `otlp.sealAfterMs` for the other engine.
   */
  batch?: BatchOptions;
  /**
   * Log record processors of your own. They run before the exporting processor, and are shut down
   * with it. Default: none.
   */
  processors?: readonly LogRecordProcessor[];
}
