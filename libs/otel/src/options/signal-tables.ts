import type { Sampler } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type { IdGenerator, SpanProcessor } from '@opentelemetry/sdk-trace';
import * as v from 'valibot';
import {
  EXPORTERS,
  LOG_FORMATS,
  LOG_LEVELS,
  PROPAGATORS,
  SAMPLERS,
  SELF_METRICS,
  TEMPORALITIES,
  TRACERS,
} from './option-names.js';
import { option, section } from './option.js';
import {
  eitherOf,
  flag,
  list,
  oneOf,
  ratio,
  ruleOf,
  urlPath,
  whole,
  withMethods,
} from './option-rules.js';

const exporters = list(oneOf(EXPORTERS, 'ExporterName'), 'exporter names');
const count = whole(0, 1_000_000);
const items = whole(1, 10_000_000);
const SHUT_DOWN = 'They run before the exporting processor, and are shut down with it.';

/** The batch options of spans or of log records. */
const batch = (prefix: 'OTEL_BSP' | 'OTEL_BLRP', delayMs: number) =>
  section(
    'BatchOptions',
    'How the engine `sdk` gathers ended spans and log records before an export; see `otlp.sealAfterMs` for the other engine.',
    {
      maxQueueSize: option(items, {
        text: 'Most items that wait. Further ones are dropped and counted.',
        engine: 'sdk',
        variables: [`${prefix}_MAX_QUEUE_SIZE`],
        default: 2048,
        defaultText:
          '`OTEL_BSP_MAX_QUEUE_SIZE` (traces) or `OTEL_BLRP_MAX_QUEUE_SIZE` (logs), then 2048',
      }),
      maxBatchSize: option(items, {
        text: 'Items of one export, at most `maxQueueSize`.',
        engine: 'sdk',
        variables: [`${prefix}_MAX_EXPORT_BATCH_SIZE`],
        default: 512,
        defaultText:
          '`OTEL_BSP_MAX_EXPORT_BATCH_SIZE` (traces) or `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE` (logs), then 512',
      }),
      delayMs: option(whole(1), {
        text:
          'Wait before a batch that is not full is sent. `traces.batch.delayMs` is also the default of ' +
          '`otlp.sealAfterMs`.',
        engine: 'sdk',
        variables: [`${prefix}_SCHEDULE_DELAY`],
        default: delayMs,
        defaultText:
          '`OTEL_BSP_SCHEDULE_DELAY`, then 5000 (traces); `OTEL_BLRP_SCHEDULE_DELAY`, then 1000 (logs)',
      }),
      timeoutMs: option(whole(1), {
        text: "Deadline of one export, the exporter's own retries included.",
        engine: 'sdk',
        variables: [`${prefix}_EXPORT_TIMEOUT`],
        default: 30_000,
        defaultText:
          '`OTEL_BSP_EXPORT_TIMEOUT` (traces) or `OTEL_BLRP_EXPORT_TIMEOUT` (logs), then 30000',
      }),
    },
    {
      key: 'maxBatchSize',
      remedy: 'write at most maxQueueSize (2048 unless set)',
      holds: ({ maxQueueSize = 2048, maxBatchSize }) =>
        maxBatchSize === undefined || Number(maxBatchSize) <= Number(maxQueueSize),
    },
  );

const limits = section(
  undefined,
  'Bounds of one span. Items beyond them are dropped and counted.',
  {
    attributeCount: option(count, {
      text: 'Attributes of one span.',
      variables: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
      defaultText: '128',
    }),
    attributeValueLength: option(count, {
      text: 'Characters of one value. Longer strings are truncated.',
      variables: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
      defaultText: '4096 (`nestlens`) or no limit (`sdk`)',
    }),
    eventCount: option(count, {
      text: 'Events of one span.',
      variables: ['OTEL_SPAN_EVENT_COUNT_LIMIT'],
      defaultText: '128',
    }),
    linkCount: option(count, {
      text: 'Links of one span.',
      variables: ['OTEL_SPAN_LINK_COUNT_LIMIT'],
      defaultText: '128',
    }),
    attributePerEventCount: option(count, {
      text: 'Attributes of one event.',
      variables: ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'],
      defaultText: '128',
    }),
    attributePerLinkCount: option(count, {
      text: 'Attributes of one link.',
      variables: ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'],
      defaultText: '128',
    }),
  },
);

export const TRACES_OPTIONS = section(
  'TracesOptions',
  'Sampling, limits, context and export of spans.',
  {
    exporters: option(exporters, {
      text: 'Where spans go. `none` switches the signal off: spans are made, and not sent.',
      variables: ['OTEL_TRACES_EXPORTER'],
      default: ['otlp'],
    }),
    sampler: option(
      eitherOf(
        [
          oneOf(SAMPLERS, 'SamplerName'),
          withMethods<Sampler>('Sampler', 'Sampler', 'shouldSample'),
        ],
        'write a sampler name such as "parentbased_traceidratio", or give a Sampler',
      ),
      {
        text: 'Which traces are recorded: a name, or a Sampler of your own.',
        variables: ['OTEL_TRACES_SAMPLER'],
        defaultText:
          '`parentbased_always_on`, or `parentbased_traceidratio` where `traces.ratio` is given',
      },
    ),
    ratio: option(ratio, {
      text: 'Share of traces that the ratio samplers record. Ignored by the others.',
      variables: ['OTEL_TRACES_SAMPLER_ARG'],
      default: 1,
    }),
    propagators: option(list(oneOf(PROPAGATORS, 'PropagatorName'), 'propagator names'), {
      text: 'Formats in which context is read from requests and written into them.',
      variables: ['OTEL_PROPAGATORS'],
      default: ['tracecontext', 'baggage'],
    }),
    tracer: option(oneOf(TRACERS, 'TracerName'), {
      text: 'What makes spans. `nestlens`: our own tracer, whose spans cost less and never throw (docs/decisions/0034-our-own-tracer.md). `sdk`: the tracer of `@opentelemetry/sdk-trace`. Samplers, processors and limits are the same for both.',
      default: 'nestlens',
    }),
    batch: batch('OTEL_BSP', 5000),
    limits,
    processors: option(
      list(
        withMethods<SpanProcessor>('SpanProcessor', 'SpanProcessor', 'onEnd'),
        'span processors',
      ),
      { text: `Span processors of your own. ${SHUT_DOWN}`, default: [] },
    ),
    idGenerator: option(
      withMethods<IdGenerator>('IdGenerator', 'IdGenerator', 'generateTraceId', 'generateSpanId'),
      { text: 'Makes the ids of traces and spans.', defaultText: 'random ids' },
    ),
  },
);

export const METRICS_OPTIONS = section(
  'MetricsOptions',
  'Collection, limits and export of metrics, and `/metrics`.',
  {
    exporters: option(exporters, {
      text: 'Where metrics go. `none` switches the signal off. The variable also takes `prometheus`.',
      variables: [],
      defaultText: "`OTEL_METRICS_EXPORTER`, then `['otlp']`",
    }),
    intervalMs: option(whole(1), {
      text: 'Time from the start of one export to the start of the next.',
      variables: ['OTEL_METRIC_EXPORT_INTERVAL'],
      default: 60_000,
    }),
    timeoutMs: option(whole(1), {
      text: 'Deadline of one export, at most `intervalMs`.',
      variables: ['OTEL_METRIC_EXPORT_TIMEOUT'],
      default: 30_000,
    }),
    temporality: option(oneOf(TEMPORALITIES), {
      text:
        'Whether sums count from the start (`cumulative`) or since the last export (`delta`). `lowmemory`: `delta` for ' +
        'counters and histograms, `cumulative` for the rest.',
      variables: ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'],
      default: 'cumulative',
    }),
    cardinalityLimit: option(whole(1, 1_000_000), {
      text:
        'Most points of one instrument, for as long as the process lives. The first attribute sets keep theirs, and ' +
        'all others share one point with `otel.metric.overflow`. A view may set another limit for its instruments. ' +
        'Readers of your own are not bounded.',
      default: 2000,
    }),
    runtime: option(flag, { text: 'Event loop, GC and heap metrics of Node.', default: true }),
    self: option(oneOf(SELF_METRICS), {
      text:
        'How much the export measures of itself. `basic`: items that were exported, that were dropped and that wait, ' +
        'breakers, a spool, the end of client certificates, and silent signals; no count that never moved. `detailed`: ' +
        'also items in flight, durations, live spans, and every count that there can be. `off`: nothing.',
      default: 'basic',
    }),
    prometheus: option(
      eitherOf(
        [
          flag,
          ruleOf<{ path?: string }>(
            v.strictObject({ path: v.optional(urlPath.schema) }),
            '{ path?: string }',
          ),
        ],
        'write true, false or { path: "/metrics" }',
      ),
      { text: 'Serve metrics as Prometheus text. `true` means `/metrics`.', default: false },
    ),
    views: option(list(ruleOf<ViewOptions>(v.looseObject({}), 'ViewOptions'), 'views'), {
      text: 'Views of the SDK: which data of each instrument is kept, and how.',
      default: [],
    }),
    readers: option(
      list(
        withMethods<IMetricReader>('IMetricReader', 'MetricReader', 'collect'),
        'metric readers',
      ),
      { text: 'Metric readers of your own. They are shut down with ours.', default: [] },
    ),
  },
  {
    key: 'timeoutMs',
    remedy: 'write at most intervalMs (60000 unless set)',
    holds: ({ intervalMs = 60_000, timeoutMs }) =>
      timeoutMs === undefined || Number(timeoutMs) <= Number(intervalMs),
  },
);

export const LOGS_OPTIONS = section(
  'LogsOptions',
  'Lines that the logger prints, and the export of log records.',
  {
    exporters: option(exporters, {
      text: 'Where log records go. With `none` lines are printed, and nothing is sent.',
      variables: ['OTEL_LOGS_EXPORTER'],
      default: ['otlp'],
    }),
    format: option(oneOf(LOG_FORMATS, 'LogFormat'), {
      text: 'How OtelLogger prints.',
      defaultText: '`json` where `NODE_ENV` is `production`, else `pretty`',
    }),
    level: option(oneOf(LOG_LEVELS, 'LogLevelName'), {
      text: 'Least severe level that is printed and sent.',
      default: 'log',
    }),
    pino: option(flag, {
      text: "Send lines of pino 9.10 or later, such as nestjs-pino's, as log records.",
      default: true,
    }),
    batch: batch('OTEL_BLRP', 1000),
    processors: option(
      list(
        withMethods<LogRecordProcessor>('LogRecordProcessor', 'LogRecordProcessor', 'onEmit'),
        'log record processors',
      ),
      { text: `Log record processors of your own. ${SHUT_DOWN}`, default: [] },
    ),
  },
);
