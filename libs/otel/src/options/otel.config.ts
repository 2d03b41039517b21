import type { Attributes, Sampler } from '@opentelemetry/api';
import type { LogRecordLimits, LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type { IdGenerator, SpanLimits, SpanProcessor } from '@opentelemetry/sdk-trace';
import type {
  OtlpCompression,
  OtlpEngine,
  OtlpHeaders,
  OtlpOptions,
  OtlpProtocol,
  OtlpSpoolOptions,
  OtlpTlsOptions,
  PropagatorName,
  ResourceDetectorName,
  SamplerName,
} from './otel.options.js';
import type { Secret } from '../secrets/secret.js';
import type { ServiceIdentity } from './service.js';

/** Where a signal may go; `prometheus` comes from `OTEL_METRICS_EXPORTER` only. */
export type SignalExporter = 'otlp' | 'console' | 'prometheus';

export interface TlsMaterial {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Secret<Buffer> | undefined;
  /** When the certificate of `cert` ends, in ms since 1970. */
  readonly expiresAt: number | undefined;
}

/** One destination with every question answered. */
export interface OtlpDestination {
  readonly protocol: OtlpProtocol;
  /** Complete: `/v1/<signal>` is appended where it belongs, user information is taken out. */
  readonly url: string;
  readonly headers: Secret<OtlpHeaders>;
  /** Asked before each attempt; what they give wins. Only an engine that can ask has any. */
  readonly headerFunctions: readonly (() => OtlpHeaders | Promise<OtlpHeaders>)[];
  readonly tls: TlsMaterial | undefined;
  /** The files that `tls` was read from, for an engine that reads them again when they change. */
  readonly tlsFiles: Secret<OtlpTlsOptions> | undefined;
  readonly compression: OtlpCompression;
  readonly timeoutMs: number;
}

export interface BatchConfig {
  readonly maxQueueSize: number;
  readonly maxBatchSize: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
}

/** Of a spool that is on: options or the environment name its directory. */
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

/** The options with `OTEL_*` and defaults filled in. Frozen to the bottom. */
export interface OtelConfig {
  /** `OTEL_SDK_DISABLED`: context still travels, nothing is recorded. */
  readonly disabled: boolean;
  readonly service: ServiceIdentity;
  readonly resource: {
    readonly attributes: Attributes;
    readonly detectors: readonly ResourceDetectorName[];
  };
  readonly otlp: {
    readonly engine: OtlpEngine;
    readonly concurrency: number;
    /** What only our own pipeline takes. */
    readonly pipeline: PipelineConfig;
    readonly traces: OtlpDestination;
    readonly metrics: OtlpDestination;
    readonly logs: OtlpDestination;
  };
  readonly traces: {
    readonly exporters: readonly SignalExporter[];
    readonly sampler:
      | { readonly kind: 'named'; readonly name: SamplerName; readonly ratio: number }
      | { readonly kind: 'own'; readonly sampler: Sampler };
    readonly propagators: readonly Exclude<PropagatorName, 'none'>[];
    readonly batch: BatchConfig;
    readonly limits: SpanLimits;
    readonly processors: readonly SpanProcessor[];
    readonly idGenerator: IdGenerator | undefined;
  };
  readonly metrics: {
    readonly exporters: readonly SignalExporter[];
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly temporality: 'cumulative' | 'delta' | 'lowmemory';
    readonly cardinalityLimit: number;
    readonly runtime: boolean;
    /** `OTEL_NODE_EXPERIMENTAL_SDK_METRICS`: what the SDK measures of itself. */
    readonly sdk: boolean;
    /** The path, or `undefined` where it is not served. */
    readonly prometheusPath: string | undefined;
    /** `OTEL_EXPORTER_PROMETHEUS_*`, for the exporter `prometheus`. */
    readonly prometheusServer: { readonly host: string; readonly port: number };
    readonly views: readonly ViewOptions[];
    readonly readers: readonly IMetricReader[];
  };
  readonly logs: {
    readonly exporters: readonly SignalExporter[];
    readonly batch: BatchConfig;
    /** `OTEL_LOGRECORD_*` and `OTEL_ATTRIBUTE_*`. */
    readonly limits: LogRecordLimits;
    readonly processors: readonly LogRecordProcessor[];
  };
  readonly diagnostics: {
    readonly level: 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';
    readonly startupReport: boolean;
  };
  /** What was ignored or is likely a mistake; printed once at start. */
  readonly warnings: readonly string[];
}
