import type { ExceptionSignal } from '../exceptions/record-exception.js';
import { Secret } from '../secrets/secret.js';
import { resolveDestination, sharedReads } from './destination.js';
import type { CheckContext } from './destination.js';
import { engineFaults, engineWarnings } from './engine-limits.js';
import { Environment } from './environment.js';
import { OtelConfigError } from './faults.js';
import type { Fault } from './faults.js';
import { frozen } from './frozen.js';
import { knownSecrets } from './known-secrets.js';
import { RESOURCE_DETECTORS } from './option-names.js';
import { resolved } from './option.js';
import type { HealthConfig, OtelConfig, PipelineConfig, ShutdownConfig } from './otel.config.js';
import type { OtelModuleOptions, ResourceDetectorName } from './otel.options.js';
import { OTLP_OPTIONS } from './otlp-table.js';
import { checkResourceVariable, podOf, resourceVariable } from './resource-variables.js';
import {
  DIAGNOSTICS_OPTIONS,
  HEALTH_OPTIONS,
  HTTP_OPTIONS,
  RPC_OPTIONS,
  SHUTDOWN_OPTIONS,
} from './room-tables.js';
import { resolveService } from './service.js';
import { resolveLogs, resolveMetrics, resolveTraces } from './signals.js';
import { checkSpool } from './spool.js';
import type { SpoolResult } from './spool.js';
import { validateOptions } from './validate.js';

/** The number of requests that the official exporters have in flight, for each signal. */
const SDK_CONCURRENCY = 30;
/** Until the endpoints of a terminating pod have left the load balancers. */
const KUBERNETES_DRAIN_MS = 5000;

const detectorsOf = (
  given: readonly ResourceDetectorName[] | undefined,
  environment: Environment,
): readonly ResourceDetectorName[] => {
  if (given !== undefined) return [...given];
  const names = environment.get('OTEL_NODE_RESOURCE_DETECTORS');
  if (names === undefined || names.includes('all')) return RESOURCE_DETECTORS;
  return names.filter((name): name is ResourceDetectorName => name !== 'none' && name !== 'all');
};

const SPOOL_VARIABLE = 'NESTLENS_OTLP_SPOOL_DIRECTORY';

/** Production fills batches quickly, so 1 s is cheap; in development 100 ms shows a span at once. */
const SEAL_AFTER_MS = { production: 1000, development: 100 } as const;

const pipelineOf = (
  { otlp = {}, traces }: OtelModuleOptions,
  environment: Environment,
): PipelineConfig => {
  const { maxBytes, dropPolicy, worker, pool, concurrency } = otlp;
  const directory = otlp.spool?.directory ?? environment.get(SPOOL_VARIABLE);
  const mode = environment.get('NODE_ENV') === 'production' ? 'production' : 'development';
  return {
    sealAfterMs:
      otlp.sealAfterMs ??
      traces?.batch?.delayMs ??
      environment.get('OTEL_BSP_SCHEDULE_DELAY') ??
      SEAL_AFTER_MS[mode],
    ...(concurrency !== undefined && { concurrency: { max: concurrency } }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(dropPolicy !== undefined && { dropPolicy }),
    ...(worker !== undefined && { worker }),
    ...(pool !== undefined && { pool: { ...pool } }),
    ...(directory !== undefined && { spool: { ...otlp.spool, directory } }),
  };
};

const exceptionSignalOf = (environment: Environment): ExceptionSignal => {
  const choices = environment.get('OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN') ?? [];
  if (choices.includes('logs/dup')) return 'both';
  return choices.includes('logs') ? 'log' : 'event';
};

const healthOf = (given: OtelModuleOptions['health'], environment: Environment): HealthConfig => {
  const health = resolved(HEALTH_OPTIONS, given, environment);
  return { ...health, databases: { ...health.databases } };
};

const shutdownOf = (
  given: OtelModuleOptions['shutdown'],
  environment: Environment,
): ShutdownConfig => {
  const { drainMs, ...rest } = resolved(SHUTDOWN_OPTIONS, given, environment);
  const isKubernetes = environment.isSet('KUBERNETES_SERVICE_HOST');
  return { ...rest, drainMs: drainMs ?? (isKubernetes ? KUBERNETES_DRAIN_MS : 0) };
};

/** A disabled SDK makes nothing, so that nothing has to be flushed, asked for its health or reported. */
const silencedWhere = <S extends { readonly exporters: readonly unknown[] }>(
  disabled: boolean,
  signal: S,
): S => (disabled ? { ...signal, exporters: [] } : signal);

/** The options that can still be checked after a refusal, so that one message has all faults. */
const soundRest = (given: unknown, faults: readonly Fault[]): OtelModuleOptions => {
  const { otlp } = (given ?? {}) as OtelModuleOptions;
  if (!faults.some(({ path }) => /^otlp\b|^options$/.test(path))) return otlp ? { otlp } : {};
  // Files and variables are checked even if the endpoint of the section has a fault.
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

const UNREAD = ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'] as const;

/**
 * The whole configuration of a start: code over `variables`, those of this process by default, over defaults. Frozen.
 * @throws OtelConfigError with every fault at once.
 */
export const resolveConfig = (given: unknown, variables?: NodeJS.ProcessEnv): OtelConfig => {
  const environment = new Environment(variables);
  const validated = validateOptions(given);
  const refused = validated.kind === 'faulty' ? validated.faults : [];
  const options = validated.kind === 'faulty' ? soundRest(given, refused) : validated.options;
  const otlp = options.otlp ?? {};
  const engine = otlp.engine ?? OTLP_OPTIONS.keys.engine.default;
  const disabled = environment.get('OTEL_SDK_DISABLED') ?? false;
  const signals = {
    traces: silencedWhere(disabled, resolveTraces(options.traces, environment)),
    metrics: silencedWhere(disabled, resolveMetrics(options.metrics, environment)),
    logs: silencedWhere(disabled, resolveLogs(options.logs, environment)),
  };
  const context: CheckContext = {
    readTls: sharedReads(),
    isSent: (signal) => engine === 'nestlens' && signals[signal].exporters.includes('otlp'),
  };
  const traces = resolveDestination('traces', otlp, environment, context);
  const metrics = resolveDestination('metrics', otlp, environment, context);
  const logs = resolveDestination('logs', otlp, environment, context);
  const pipeline = pipelineOf(options, environment);
  const spool = spoolResult(options, pipeline);
  const checked = [traces, metrics, logs, spool];
  const faults = new Map(
    [refused, engineFaults(options), ...checked.map((result) => result.faults)]
      .flat()
      .map((fault) => [fault.path + fault.remedy, fault] as const),
  );
  if (faults.size > 0) throw new OtelConfigError([...faults.values()]);
  for (const name of UNREAD) {
    if (!environment.isSet(name)) continue;
    environment.warn(name, 'declarative configuration is not read; use options');
  }
  const detectors = detectorsOf(options.resource?.detectors, environment);
  const sources = {
    options: options.resource?.attributes ?? {},
    variable: detectors.includes('env') ? resourceVariable(environment) : {},
  };
  const service = resolveService(options.service, sources, environment);
  const destinations = {
    traces: traces.destination,
    metrics: metrics.destination,
    logs: logs.destination,
  };
  const config: OtelConfig = {
    disabled,
    service: service.identity,
    resource: {
      attributes: { ...options.resource?.attributes, ...service.attributes },
      detectors,
      pod: podOf(environment),
    },
    otlp: {
      engine,
      concurrency: otlp.concurrency ?? SDK_CONCURRENCY,
      pipeline,
      ...destinations,
    },
    ...signals,
    exceptionSignal: exceptionSignalOf(environment),
    http: resolved(HTTP_OPTIONS, options.http, environment),
    rpc: resolved(RPC_OPTIONS, options.rpc, environment),
    health: healthOf(options.health, environment),
    shutdown: shutdownOf(options.shutdown, environment),
    diagnostics: resolved(DIAGNOSTICS_OPTIONS, options.diagnostics, environment),
    secrets: new Secret(knownSecrets(destinations, environment.variables)),
    warnings: [],
  };
  if (config.resource.detectors.includes('env')) checkResourceVariable(environment);
  environment.warnOfMisspelt();
  const warnings = new Set([
    ...engineWarnings(options, environment),
    ...service.warnings,
    ...checked.flatMap((result) => result.warnings),
    ...environment.warnings,
  ]);
  return frozen({ ...config, warnings: [...warnings] }, given);
};
