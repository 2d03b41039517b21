import type { Attributes, Sampler } from '@opentelemetry/api';
import type { LogRecordLimits } from '@opentelemetry/sdk-logs';
import type { SpanLimits } from '@opentelemetry/sdk-trace';
import type { ExceptionSignal } from '../exceptions/record-exception.js';
import type { Secret } from '../secrets/secret.js';
import type { Resolved, Section } from './option.js';
import type {
  LogFormat,
  PropagatorName,
  ResourceDetectorName,
  SamplerName,
} from './option-types.js';
import type {
  OtlpCompression,
  OtlpEngine,
  OtlpHeaders,
  OtlpOptions,
  OtlpProtocol,
  OtlpSpoolOptions,
  OtlpTlsOptions,
} from './otel.options.js';
import type {
  DIAGNOSTICS_OPTIONS,
  HEALTH_OPTIONS,
  HTTP_OPTIONS,
  RPC_OPTIONS,
  SHUTDOWN_OPTIONS,
} from './room-tables.js';
import type { ServiceIdentity } from './service.js';
import type { LOGS_OPTIONS, METRICS_OPTIONS, TRACES_OPTIONS } from './signal-tables.js';

/** The exporter of a signal; `prometheus` comes from `OTEL_METRICS_EXPORTER` only. */
export type SignalExporter = 'otlp' | 'console' | 'prometheus';

export interface TlsMaterial {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Secret<Buffer> | undefined;
  /** End of the validity of the certificate in `cert`, in ms since 1970. */
  readonly expiresAt: number | undefined;
}

/** One destination with every question answered. */
export interface OtlpDestination {
  readonly protocol: OtlpProtocol;
  /** The complete URL, with `/v1/<signal>` where the protocol needs it, and without user information. */
  readonly url: string;
  /** The URL as it may be shown: without the path that gRPC ignores. */
  readonly shown: string;
  /** The proxy that it is reached through, as it may be shown; undefined for none. */
  readonly proxy: string | undefined;
  readonly headers: Secret<OtlpHeaders>;
  /** Functions for headers, asked before each attempt. Their headers win. Only an engine that can ask has any. */
  readonly headerFunctions: readonly (() => OtlpHeaders | Promise<OtlpHeaders>)[];
  readonly tls: TlsMaterial | undefined;
  /** The files that `tls` was read from, for an engine that reads them again when they change. */
  readonly tlsFiles: Secret<OtlpTlsOptions> | undefined;
  readonly compression: OtlpCompression;
  readonly timeoutMs: number;
}

/** The values of a table of options. */
type Values<S> = S extends Section<infer K> ? Resolved<K> : never;

type TracesValues = Values<typeof TRACES_OPTIONS>;
type MetricsValues = Values<typeof METRICS_OPTIONS>;
type LogsValues = Values<typeof LOGS_OPTIONS>;

export type BatchConfig = TracesValues['batch'];

/** The configuration of a spool that is on: options or the environment name its directory. */
export interface SpoolConfig extends OtlpSpoolOptions {
  readonly directory: string;
}

/** Absent keys are the pipeline's own defaults. */
export interface PipelineConfig extends Pick<
  OtlpOptions,
  'maxBytes' | 'dropPolicy' | 'worker' | 'pool'
> {
  readonly spool?: SpoolConfig;
  readonly sealAfterMs: number;
  readonly concurrency?: { readonly max: number };
}

export type HttpConfig = Values<typeof HTTP_OPTIONS>;
type RpcConfig = Values<typeof RPC_OPTIONS>;
export type HealthConfig = Values<typeof HEALTH_OPTIONS>;
export type ShutdownConfig = Omit<Values<typeof SHUTDOWN_OPTIONS>, 'drainMs'> & {
  readonly drainMs: number;
};

export interface TracesConfig extends Omit<
  TracesValues,
  'exporters' | 'sampler' | 'ratio' | 'propagators' | 'limits'
> {
  readonly exporters: readonly SignalExporter[];
  readonly sampler:
    | { readonly kind: 'named'; readonly name: SamplerName; readonly ratio: number }
    | { readonly kind: 'own'; readonly sampler: Sampler };
  readonly propagators: readonly Exclude<PropagatorName, 'none'>[];
  readonly limits: SpanLimits;
}

export interface MetricsConfig extends Omit<MetricsValues, 'exporters' | 'prometheus'> {
  readonly exporters: readonly SignalExporter[];
  /** `OTEL_NODE_EXPERIMENTAL_SDK_METRICS`: metrics of the SDK about itself. */
  readonly sdk: boolean;
  /** The path, or `undefined` if it is not served. */
  readonly prometheusPath: string | undefined;
  /** `OTEL_EXPORTER_PROMETHEUS_*`, for the exporter `prometheus`. */
  readonly prometheusServer: { readonly host: string; readonly port: number };
}

export interface LogsConfig extends Omit<LogsValues, 'exporters' | 'format'> {
  readonly exporters: readonly SignalExporter[];
  readonly format: LogFormat;
  /** True if log calls become log records. */
  readonly emit: boolean;
  /** `OTEL_LOGRECORD_*` and `OTEL_ATTRIBUTE_*`. */
  readonly limits: LogRecordLimits;
}

/** The part of {@link LogsConfig} that a logger needs. */
export type LoggerSettings = Pick<LogsConfig, 'format' | 'level' | 'emit'> &
  Partial<Pick<LogsConfig, 'pino'>>;

/** Injection token of the frozen {@link OtelConfig}. */
export const OTEL_CONFIG = Symbol('nestlens.otel.config');

/** All options, with variables and defaults filled in. Deeply frozen, except the app's own objects. */
export interface OtelConfig {
  /** `OTEL_SDK_DISABLED`: context still travels, nothing is recorded. */
  readonly disabled: boolean;
  readonly service: ServiceIdentity;
  readonly resource: {
    readonly attributes: Attributes;
    readonly detectors: readonly ResourceDetectorName[];
    /** Attributes of the pod from Kubernetes' Downward API; undefined outside of Kubernetes. */
    readonly pod: Readonly<Record<string, string>> | undefined;
  };
  readonly otlp: {
    readonly engine: OtlpEngine;
    readonly concurrency: number;
    /** Settings of our own pipeline alone. */
    readonly pipeline: PipelineConfig;
    readonly traces: OtlpDestination;
    readonly metrics: OtlpDestination;
    readonly logs: OtlpDestination;
  };
  readonly traces: TracesConfig;
  readonly metrics: MetricsConfig;
  readonly logs: LogsConfig;
  /** From `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`. [semantic conventions, exceptions] */
  readonly exceptionSignal: ExceptionSignal;
  readonly http: HttpConfig;
  readonly rpc: RpcConfig;
  readonly health: HealthConfig;
  readonly shutdown: ShutdownConfig;
  readonly diagnostics: Values<typeof DIAGNOSTICS_OPTIONS>;
  /** Every secret of the export that is known by value, in use or not. Logs and reports mask them. */
  readonly secrets: Secret<readonly string[]>;
  /** Warnings about ignored values and likely mistakes; printed once at start. */
  readonly warnings: readonly string[];
}
