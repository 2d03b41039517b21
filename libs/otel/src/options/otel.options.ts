// Generated from the tables of this room by `npm run options`. Not to be edited by hand.
import type { Attributes } from '@opentelemetry/api';
import type { ResourceDetectorName } from './option-types.js';
import type { OtlpOptions } from './otlp.options.js';
import type { HealthOptions, HttpOptions, RpcOptions, ShutdownOptions } from './room.options.js';
import type { LogsOptions, MetricsOptions, TracesOptions } from './signal.options.js';

export type * from './option-types.js';
export type * from './otlp.options.js';
export type * from './room.options.js';
export type * from './signal.options.js';

/** The identity of this service. */
export interface ServiceOptions {
  /**
   * The resource attribute `service.name`. What is beyond 255 characters is cut off with a warning.
   * Default: `resource.attributes`, then `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`, then
   * `unknown_service:node`.
   */
  name?: string;
  /** The resource attribute `service.version`. Default: none. */
  version?: string;
  /** The resource attribute `service.namespace`. Default: none. */
  namespace?: string;
  /** The resource attribute `service.instance.id`. Default: a random UUID of this start. */
  instanceId?: string;
  /** The resource attribute `deployment.environment.name`. Default: none. */
  environment?: string;
}

/** Attributes of the process beside the service. */
export interface ResourceOptions {
  /**
   * Attributes of the resource. They win over detectors and `OTEL_RESOURCE_ATTRIBUTES`. Default:
   * none.
   */
  attributes?: Attributes;
  /**
   * Detectors that describe the process and its host. `process.command_args` is never sent. Values:
   * `env`, `serviceinstance`, `process`, `host`, `os`, `container`, `k8s`. Default:
   * `OTEL_NODE_RESOURCE_DETECTORS`, then all.
   */
  detectors?: readonly ResourceDetectorName[];
}

/** Lines that OpenTelemetry and this module print about themselves. */
export interface DiagnosticsOptions {
  /**
   * Level of OpenTelemetry's own diagnostics. Values: `none`, `error`, `warn`, `info`, `debug`,
   * `verbose`, `all`. Default: `OTEL_LOG_LEVEL`, then `warn`.
   */
  level?: 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';
  /**
   * Print the start block: where telemetry goes, what is instrumented, and what is not and why.
   * Default: true.
   */
  startupReport?: boolean;
}

/**
 * Everything that can be set in code. An option in code wins over its `OTEL_*` variable, and the
 * variable wins over the default. Unknown keys and wrong values stop the start, and one message
 * lists every fault.
 */
export interface OtelModuleOptions {
  /** The identity of this service. */
  service?: ServiceOptions;
  /** Attributes of the process beside the service. */
  resource?: ResourceOptions;
  /**
   * Where telemetry goes, and how. The keys from `protocol` to `timeoutMs` can be given again below
   * `traces`, `metrics` and `logs` for one signal; their variables have a form for one signal too,
   * such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which wins over the shared one.
   */
  otlp?: OtlpOptions;
  /** Sampling, limits, context and export of spans. */
  traces?: TracesOptions;
  /** Collection, limits and export of metrics, and `/metrics`. */
  metrics?: MetricsOptions;
  /** Lines that the logger prints, and the export of log records. */
  logs?: LogsOptions;
  /** Instrumentation of HTTP servers and clients. */
  http?: HttpOptions;
  /** Instrumentation of gRPC servers and clients. */
  rpc?: RpcOptions;
  /** Probes, and the indicators that readiness checks. */
  health?: HealthOptions;
  /** Deadlines of the phases. Their sum and 3 s more should stay below the pod's grace period. */
  shutdown?: ShutdownOptions;
  /** Lines that OpenTelemetry and this module print about themselves. */
  diagnostics?: DiagnosticsOptions;
}
