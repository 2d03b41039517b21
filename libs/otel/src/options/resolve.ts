import { resolveDestination } from './destination.js';
import { DEFAULT_ENGINE, engineFaults, engineWarnings } from './engine-limits.js';
import { Environment } from './environment.js';
import { OtelConfigError } from './faults.js';
import type { OtelConfig, PipelineConfig } from './otel.config.js';
import type { OtelModuleOptions, ResourceDetectorName, ServiceOptions } from './otel.options.js';
import { resolveLogs, resolveMetrics, resolveTraces } from './signals.js';
import { validateOptions } from './validate.js';

const DETECTORS: readonly ResourceDetectorName[] = [
  'env',
  'serviceinstance',
  'process',
  'host',
  'os',
  'container',
  'k8s',
];
const LEVELS = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const;
const LONGEST_NAME = 255;

const detectorsOf = (
  given: readonly ResourceDetectorName[] | undefined,
  environment: Environment,
): readonly ResourceDetectorName[] => {
  if (given !== undefined) return given;
  const names = environment.listOf('OTEL_NODE_RESOURCE_DETECTORS', [...DETECTORS, 'all', 'none']);
  if (names === undefined || names.includes('all')) return DETECTORS;
  return names.filter((name): name is ResourceDetectorName => name !== 'none' && name !== 'all');
};

/** Long where traffic makes company anyway, short where somebody looks at what they just did. */
const SEAL_AFTER_MS = { production: 1000, development: 100 } as const;

const pipelineOf = (
  { otlp = {}, traces }: OtelModuleOptions,
  environment: Environment,
): PipelineConfig => {
  const { maxBytes, dropPolicy, worker, pool, concurrency } = otlp;
  const directory = environment.text('NESTLENS_OTLP_SPOOL_DIRECTORY');
  const spool = otlp.spool ?? (directory === undefined ? undefined : { directory });
  const mode = environment.text('NODE_ENV') === 'production' ? 'production' : 'development';
  return {
    sealAfterMs:
      otlp.sealAfterMs ??
      traces?.batch?.delayMs ??
      environment.count('OTEL_BSP_SCHEDULE_DELAY', 1) ??
      SEAL_AFTER_MS[mode],
    ...(concurrency !== undefined && { concurrency: { max: concurrency } }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(dropPolicy !== undefined && { dropPolicy }),
    ...(worker !== undefined && { worker }),
    ...(pool !== undefined && { pool: { ...pool } }),
    ...(spool !== undefined && { spool: { ...spool } }),
  };
};

const serviceAttributes = (service: ServiceOptions = {}): Record<string, string> => {
  const named = {
    'service.name': service.name?.slice(0, LONGEST_NAME),
    'service.version': service.version,
    'service.namespace': service.namespace,
    'service.instance.id': service.instanceId,
    'deployment.environment.name': service.environment,
  };
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
};

/**
 * Deep-freezes what is ours: plain objects and arrays. What users hand over (processors, samplers,
 * views) keeps its freedom.
 */
const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && !Array.isArray(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
};

/** A disabled SDK makes nothing, so that nothing has to be flushed, asked for its health or reported. */
const silencedWhere = <S extends { readonly exporters: readonly unknown[] }>(
  disabled: boolean,
  signal: S,
): S => (disabled ? { ...signal, exporters: [] } : signal);

/**
 * The whole configuration of a start: code over `OTEL_*` over default, frozen.
 * @throws OtelConfigError with every fault at once.
 */
export const resolveConfig = (given: unknown, variables: NodeJS.ProcessEnv): OtelConfig => {
  const validated = validateOptions(given);
  if (validated.kind === 'faulty') throw new OtelConfigError(validated.faults);
  const options: OtelModuleOptions = validated.options;
  const environment = new Environment(variables);
  const otlp = options.otlp ?? {};
  const traces = resolveDestination('traces', otlp, environment);
  const metrics = resolveDestination('metrics', otlp, environment);
  const logs = resolveDestination('logs', otlp, environment);
  const destinations = [traces, metrics, logs];
  const faults = new Map(
    [engineFaults(options), ...destinations.map((result) => result.faults)]
      .flat()
      .map((fault) => [fault.path + fault.remedy, fault] as const),
  );
  if (faults.size > 0) throw new OtelConfigError([...faults.values()]);
  if (environment.text('OTEL_CONFIG_FILE') !== undefined) {
    environment.warn('OTEL_CONFIG_FILE', 'declarative configuration is not read; use options');
  }
  const disabled = environment.flag('OTEL_SDK_DISABLED') ?? false;
  const config: OtelConfig = {
    disabled,
    service: {
      name: options.service?.name?.slice(0, LONGEST_NAME) ?? environment.text('OTEL_SERVICE_NAME'),
    },
    resource: {
      attributes: { ...options.resource?.attributes, ...serviceAttributes(options.service) },
      detectors: detectorsOf(options.resource?.detectors, environment),
    },
    otlp: {
      engine: otlp.engine ?? DEFAULT_ENGINE,
      concurrency: otlp.concurrency ?? 30,
      pipeline: pipelineOf(options, environment),
      traces: traces.destination,
      metrics: metrics.destination,
      logs: logs.destination,
    },
    traces: silencedWhere(disabled, resolveTraces(options.traces, environment)),
    metrics: silencedWhere(disabled, resolveMetrics(options.metrics, environment)),
    logs: silencedWhere(disabled, resolveLogs(options.logs, environment)),
    diagnostics: {
      level: options.diagnostics?.level ?? environment.oneOf('OTEL_LOG_LEVEL', LEVELS) ?? 'warn',
      startupReport: options.diagnostics?.startupReport ?? true,
    },
    warnings: [],
  };
  const warnings = new Set([
    ...engineWarnings(options),
    ...destinations.flatMap((result) => result.warnings),
    ...environment.warnings,
  ]);
  return freeze({ ...config, warnings: [...warnings] });
};
