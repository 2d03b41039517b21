import type { Environment } from './environment.js';
import type {
  BatchConfig,
  LogsConfig,
  MetricsConfig,
  SignalExporter,
  TracesConfig,
} from './otel.config.js';
import { resolved } from './option.js';
import type { ExporterName } from './option-types.js';
import type { LogsOptions, MetricsOptions, TracesOptions } from './otel.options.js';
import { LOGS_OPTIONS, METRICS_OPTIONS, TRACES_OPTIONS } from './signal-tables.js';

/** `none` wins over all other names. */
const exportersOf = (names: readonly (ExporterName | 'prometheus')[]): readonly SignalExporter[] =>
  names.includes('none')
    ? []
    : [...new Set(names)].filter((name): name is SignalExporter => name !== 'none');

/** Limits a batch to its queue, and warns if a variable asked for more. In code that is a fault. */
const boundedBatch = (
  batch: BatchConfig,
  environment: Environment,
  prefix: 'OTEL_BSP' | 'OTEL_BLRP',
  isGiven: boolean,
): BatchConfig => {
  const { maxQueueSize, maxBatchSize } = batch;
  if (maxBatchSize <= maxQueueSize) return batch;
  const name = `${prefix}_MAX_EXPORT_BATCH_SIZE` as const;
  if (!isGiven && environment.isSet(name)) {
    environment.warn(name, `at most the queue size is possible; ${maxQueueSize} is used`);
  }
  return { ...batch, maxBatchSize: maxQueueSize };
};

const samplerOf = (
  { sampler, ratio }: { readonly sampler: TracesOptions['sampler']; readonly ratio: number },
  isRatioGiven: boolean,
): TracesConfig['sampler'] => {
  if (typeof sampler === 'object') return { kind: 'own', sampler };
  // A ratio alone names the sampler.
  const name = sampler ?? (isRatioGiven ? 'parentbased_traceidratio' : 'parentbased_always_on');
  return { kind: 'named', name, ratio };
};

/** The limits that are set. Others are left out: the SDK has its own defaults, and takes `undefined` for a value. */
const setOnly = <T extends object>(limits: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };

export const resolveTraces = (
  given: TracesOptions = {},
  environment: Environment,
): TracesConfig => {
  const { exporters, sampler, ratio, propagators, batch, limits, ...rest } = resolved(
    TRACES_OPTIONS,
    given,
    environment,
  );
  return {
    ...rest,
    exporters: exportersOf(exporters),
    sampler: samplerOf({ sampler, ratio }, given.ratio !== undefined),
    propagators: propagators.includes('none')
      ? []
      : [...new Set(propagators)].filter(
          (name): name is Exclude<typeof name, 'none'> => name !== 'none',
        ),
    batch: boundedBatch(batch, environment, 'OTEL_BSP', given.batch?.maxBatchSize !== undefined),
    limits: setOnly({
      attributeCountLimit: limits.attributeCount,
      attributeValueLengthLimit: limits.attributeValueLength,
      eventCountLimit: limits.eventCount,
      linkCountLimit: limits.linkCount,
      attributePerEventCountLimit: limits.attributePerEventCount,
      attributePerLinkCountLimit: limits.attributePerLinkCount,
    }),
  };
};

export const resolveMetrics = (
  given: MetricsOptions = {},
  environment: Environment,
): MetricsConfig => {
  const { exporters, prometheus, ...rest } = resolved(METRICS_OPTIONS, given, environment);
  const { intervalMs, timeoutMs } = rest;
  const name = 'OTEL_METRIC_EXPORT_TIMEOUT';
  if (timeoutMs > intervalMs && given.timeoutMs === undefined && environment.isSet(name)) {
    environment.warn(name, `at most the interval is possible; ${intervalMs} is used`);
  }
  return {
    ...rest,
    exporters: exportersOf(exporters ?? environment.get('OTEL_METRICS_EXPORTER') ?? ['otlp']),
    // A short interval alone is a sound wish: the reader refuses a timeout beyond it.
    timeoutMs: Math.min(timeoutMs, intervalMs),
    sdk: environment.get('OTEL_NODE_EXPERIMENTAL_SDK_METRICS') ?? false,
    prometheusPath:
      prometheus === false
        ? undefined
        : ((prometheus === true ? undefined : prometheus.path) ?? '/metrics'),
    prometheusServer: {
      host: environment.get('OTEL_EXPORTER_PROMETHEUS_HOST') ?? 'localhost',
      port: environment.get('OTEL_EXPORTER_PROMETHEUS_PORT') ?? 9464,
    },
  };
};

export const resolveLogs = (given: LogsOptions = {}, environment: Environment): LogsConfig => {
  const { exporters, format, batch, ...rest } = resolved(LOGS_OPTIONS, given, environment);
  const isDisabled = environment.get('OTEL_SDK_DISABLED') ?? false;
  const isProduction = environment.get('NODE_ENV') === 'production';
  return {
    ...rest,
    exporters: exportersOf(exporters),
    format: format ?? (isProduction ? 'json' : 'pretty'),
    emit: !isDisabled && (!exporters.includes('none') || rest.processors.length > 0),
    batch: boundedBatch(batch, environment, 'OTEL_BLRP', given.batch?.maxBatchSize !== undefined),
    limits: setOnly({
      attributeCountLimit:
        environment.get('OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT') ??
        environment.get('OTEL_ATTRIBUTE_COUNT_LIMIT'),
      attributeValueLengthLimit:
        environment.get('OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT') ??
        environment.get('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    }),
  };
};
