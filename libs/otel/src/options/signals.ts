import type { Environment } from './environment.js';
import type { BatchConfig, OtelConfig, SignalExporter } from './otel.config.js';
import type {
  BatchOptions,
  ExporterName,
  LogsOptions,
  MetricsOptions,
  SamplerName,
  TracesOptions,
} from './otel.options.js';

const SAMPLERS: readonly SamplerName[] = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];

const EXPORTERS = ['otlp', 'console', 'none'] as const;
const METRIC_EXPORTERS = [...EXPORTERS, 'prometheus'] as const;
const PROPAGATORS = ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'] as const;
const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const;

const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_METRIC_TIMEOUT_MS = 30_000;

/** `none` beats whatever stands beside it. */
const exportersOf = (
  given: readonly (ExporterName | 'prometheus')[] | undefined,
): readonly SignalExporter[] => {
  const names = given ?? ['otlp'];
  return names.includes('none')
    ? []
    : [...new Set(names)].filter((name): name is SignalExporter => name !== 'none');
};

const batchOf = (
  options: BatchOptions | undefined,
  environment: Environment,
  prefix: 'OTEL_BSP' | 'OTEL_BLRP',
): BatchConfig => {
  const maxQueueSize =
    options?.maxQueueSize ?? environment.count(`${prefix}_MAX_QUEUE_SIZE`, 1) ?? 2048;
  const wanted =
    options?.maxBatchSize ?? environment.count(`${prefix}_MAX_EXPORT_BATCH_SIZE`, 1) ?? 512;
  const wantedName = `${prefix}_MAX_EXPORT_BATCH_SIZE`;
  if (
    wanted > maxQueueSize &&
    options?.maxBatchSize === undefined &&
    environment.text(wantedName)
  ) {
    environment.warn(wantedName, `at most the queue size is possible; ${maxQueueSize} is used`);
  }
  return {
    maxQueueSize,
    maxBatchSize: Math.min(wanted, maxQueueSize),
    delayMs:
      options?.delayMs ??
      environment.count(`${prefix}_SCHEDULE_DELAY`, 1) ??
      (prefix === 'OTEL_BSP' ? 5000 : 1000),
    timeoutMs: options?.timeoutMs ?? environment.count(`${prefix}_EXPORT_TIMEOUT`, 1) ?? 30_000,
  };
};

const samplerOf = (
  options: TracesOptions,
  environment: Environment,
): OtelConfig['traces']['sampler'] => {
  if (typeof options.sampler === 'object') return { kind: 'own', sampler: options.sampler };
  return {
    kind: 'named',
    name:
      options.sampler ??
      environment.oneOf('OTEL_TRACES_SAMPLER', SAMPLERS) ??
      // A ratio alone says what is wanted.
      (options.ratio === undefined ? 'parentbased_always_on' : 'parentbased_traceidratio'),
    ratio: options.ratio ?? environment.ratio('OTEL_TRACES_SAMPLER_ARG') ?? 1,
  };
};

const spanLimitsOf = (
  options: TracesOptions['limits'],
  environment: Environment,
): OtelConfig['traces']['limits'] => {
  const limit = (given: number | undefined, ...names: readonly string[]): number | undefined =>
    given ?? names.map((name) => environment.count(name, 0)).find((value) => value !== undefined);
  const limits = {
    attributeCountLimit: limit(
      options?.attributeCount,
      'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT',
      'OTEL_ATTRIBUTE_COUNT_LIMIT',
    ),
    attributeValueLengthLimit: limit(
      options?.attributeValueLength,
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
      'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
    ),
    eventCountLimit: limit(options?.eventCount, 'OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCountLimit: limit(options?.linkCount, 'OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCountLimit: limit(
      options?.attributePerEventCount,
      'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT',
    ),
    attributePerLinkCountLimit: limit(
      options?.attributePerLinkCount,
      'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT',
    ),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
};

const propagatorsOf = (
  options: TracesOptions,
  environment: Environment,
): OtelConfig['traces']['propagators'] => {
  const names = options.propagators ??
    environment.listOf('OTEL_PROPAGATORS', PROPAGATORS) ?? ['tracecontext', 'baggage'];
  return names.includes('none')
    ? []
    : [...new Set(names)].filter((name): name is Exclude<typeof name, 'none'> => name !== 'none');
};

export const resolveTraces = (
  options: TracesOptions = {},
  environment: Environment,
): OtelConfig['traces'] => ({
  exporters: exportersOf(
    options.exporters ?? environment.listOf('OTEL_TRACES_EXPORTER', EXPORTERS),
  ),
  sampler: samplerOf(options, environment),
  propagators: propagatorsOf(options, environment),
  batch: batchOf(options.batch, environment, 'OTEL_BSP'),
  limits: spanLimitsOf(options.limits, environment),
  processors: options.processors ?? [],
  idGenerator: options.idGenerator,
});

export const resolveMetrics = (
  options: MetricsOptions = {},
  environment: Environment,
): OtelConfig['metrics'] => {
  const intervalMs =
    options.intervalMs ??
    environment.count('OTEL_METRIC_EXPORT_INTERVAL', 1) ??
    DEFAULT_INTERVAL_MS;
  const timeoutMs =
    options.timeoutMs ??
    environment.count('OTEL_METRIC_EXPORT_TIMEOUT', 1) ??
    DEFAULT_METRIC_TIMEOUT_MS;
  const timeoutName = 'OTEL_METRIC_EXPORT_TIMEOUT';
  if (timeoutMs > intervalMs && options.timeoutMs === undefined && environment.text(timeoutName)) {
    environment.warn(timeoutName, `at most the interval is possible; ${intervalMs} is used`);
  }
  const { prometheus } = options;
  return {
    exporters: exportersOf(
      options.exporters ?? environment.listOf('OTEL_METRICS_EXPORTER', METRIC_EXPORTERS),
    ),
    intervalMs,
    // A short interval alone is a sound wish: the reader refuses a timeout beyond it.
    timeoutMs: Math.min(timeoutMs, intervalMs),
    temporality:
      options.temporality ??
      environment.oneOf('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', TEMPORALITIES) ??
      'cumulative',
    cardinalityLimit: options.cardinalityLimit ?? 2000,
    runtime: options.runtime ?? true,
    sdk: environment.flag('OTEL_NODE_EXPERIMENTAL_SDK_METRICS') ?? false,
    prometheusPath:
      prometheus === undefined || prometheus === false
        ? undefined
        : ((prometheus === true ? undefined : prometheus.path) ?? '/metrics'),
    prometheusServer: {
      host: environment.text('OTEL_EXPORTER_PROMETHEUS_HOST') ?? 'localhost',
      port: environment.count('OTEL_EXPORTER_PROMETHEUS_PORT', 0, 65_535) ?? 9464,
    },
    views: options.views ?? [],
    readers: options.readers ?? [],
  };
};

const logLimitsOf = (environment: Environment): OtelConfig['logs']['limits'] => {
  const limit = (...names: readonly string[]): number | undefined =>
    names.map((name) => environment.count(name, 0)).find((value) => value !== undefined);
  const count = limit('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT');
  const length = limit(
    'OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT',
    'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  );
  return {
    ...(count !== undefined && { attributeCountLimit: count }),
    ...(length !== undefined && { attributeValueLengthLimit: length }),
  };
};

export const resolveLogs = (
  options: LogsOptions = {},
  environment: Environment,
): OtelConfig['logs'] => ({
  exporters: exportersOf(options.exporters ?? environment.listOf('OTEL_LOGS_EXPORTER', EXPORTERS)),
  batch: batchOf(options.batch, environment, 'OTEL_BLRP'),
  limits: logLimitsOf(environment),
  processors: options.processors ?? [],
});
