import { resolveDestination } from './destination.js';
import { DEFAULT_ENGINE, engineFaults, engineWarnings } from './engine-limits.js';
import { Environment } from './environment.js';
import { OtelConfigError } from './faults.js';
import type { Fault } from './faults.js';
import type { OtelConfig, PipelineConfig } from './otel.config.js';
import type { OtelModuleOptions, ResourceDetectorName } from './otel.options.js';
import { checkResourceVariable, resourceVariable } from './resource-variable.js';
import { resolveService } from './service.js';
import { resolveLogs, resolveMetrics, resolveTraces } from './signals.js';
import { checkSpool } from './spool.js';
import type { SpoolResult } from './spool.js';
import { tlsLoader } from './tls.js';
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

const detectorsOf = (
  given: readonly ResourceDetectorName[] | undefined,
  environment: Environment,
): readonly ResourceDetectorName[] => {
  if (given !== undefined) return given;
  const names = environment.listOf('OTEL_NODE_RESOURCE_DETECTORS', [...DETECTORS, 'all', 'none']);
  if (names === undefined || names.includes('all')) return DETECTORS;
  return names.filter((name): name is ResourceDetectorName => name !== 'none' && name !== 'all');
};

const SPOOL_VARIABLE = 'NESTLENS_OTLP_SPOOL_DIRECTORY';

/** Long where traffic makes company anyway, short where somebody looks at what they just did. */
const SEAL_AFTER_MS = { production: 1000, development: 100 } as const;

const pipelineOf = (
  { otlp = {}, traces }: OtelModuleOptions,
  environment: Environment,
): PipelineConfig => {
  const { maxBytes, dropPolicy, worker, pool, concurrency } = otlp;
  const directory = otlp.spool?.directory ?? environment.text(SPOOL_VARIABLE);
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
    ...(directory !== undefined && { spool: { ...otlp.spool, directory } }),
  };
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

/** What is left to look at where the options are refused anyway, so that one message has all faults. */
const soundRest = (given: unknown, faults: readonly Fault[]): OtelModuleOptions => {
  const { otlp } = (given ?? {}) as OtelModuleOptions;
  if (!faults.some(({ path }) => /^otlp\b|^options$/.test(path))) return otlp ? { otlp } : {};
  // Whatever the section says of its endpoint, files and variables are wrong or right without it.
  const tls = faults.some(({ path }) => path.includes('tls')) ? undefined : otlp?.tls;
  return { otlp: { endpoint: 'https://collector.invalid', ...(tls && { tls }) } };
};

const spoolResult = ({ otlp }: OtelModuleOptions, { spool }: PipelineConfig): SpoolResult => {
  if (otlp?.engine === 'sdk') return { faults: [], warnings: [] };
  const option = 'otlp.spool.directory';
  if (spool !== undefined) {
    return checkSpool(otlp?.spool?.directory === undefined ? SPOOL_VARIABLE : option, spool);
  }
  const remedy = `name a directory, here or in ${SPOOL_VARIABLE}, or leave otlp.spool out`;
  const faults = otlp?.spool ? [{ path: option, found: undefined, remedy }] : [];
  return { faults, warnings: [] };
};

/**
 * The whole configuration of a start: code over `OTEL_*` over default, frozen.
 * @throws OtelConfigError with every fault at once.
 */
export const resolveConfig = (given: unknown, variables: NodeJS.ProcessEnv): OtelConfig => {
  const validated = validateOptions(given);
  const refused = validated.kind === 'faulty' ? validated.faults : [];
  const options = validated.kind === 'faulty' ? soundRest(given, refused) : validated.options;
  const environment = new Environment(variables);
  const otlp = options.otlp ?? {};
  const loadTls = tlsLoader();
  const traces = resolveDestination('traces', otlp, environment, loadTls);
  const metrics = resolveDestination('metrics', otlp, environment, loadTls);
  const logs = resolveDestination('logs', otlp, environment, loadTls);
  const pipeline = pipelineOf(options, environment);
  const spool = spoolResult(options, pipeline);
  const checked = [traces, metrics, logs, spool];
  const faults = new Map(
    [refused, engineFaults(options), ...checked.map((result) => result.faults)]
      .flat()
      .map((fault) => [fault.path + fault.remedy, fault] as const),
  );
  if (faults.size > 0) throw new OtelConfigError([...faults.values()]);
  for (const name of ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE']) {
    if (environment.text(name) === undefined) continue;
    environment.warn(name, 'declarative configuration is not read; use options');
  }
  const detectors = detectorsOf(options.resource?.detectors, environment);
  const sources = {
    options: options.resource?.attributes ?? {},
    variable: detectors.includes('env') ? resourceVariable(environment) : {},
  };
  const service = resolveService(options.service, sources, environment);
  const disabled = environment.flag('OTEL_SDK_DISABLED') ?? false;
  const config: OtelConfig = {
    disabled,
    service: service.identity,
    resource: {
      attributes: { ...options.resource?.attributes, ...service.attributes },
      detectors,
    },
    otlp: {
      engine: otlp.engine ?? DEFAULT_ENGINE,
      concurrency: otlp.concurrency ?? 30,
      pipeline,
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
  if (config.resource.detectors.includes('env')) checkResourceVariable(environment);
  const warnings = new Set([
    ...engineWarnings(options, environment),
    ...service.warnings,
    ...checked.flatMap((result) => result.warnings),
    ...environment.warnings,
  ]);
  return freeze({ ...config, warnings: [...warnings] });
};
