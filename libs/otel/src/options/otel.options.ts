import type { InjectionToken } from '@nestjs/common';
import type { Attributes, Sampler } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import type { IdGenerator, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { HealthIndicator } from '../health/indicator.js';
import type { OtlpOptions } from './otlp.options.js';

export type * from './otlp.options.js';

/**
 * Everything that can be set in code. Code wins over `OTEL_*` variables, which win over defaults.
 * Unknown keys and wrong values stop the start with one message that lists every fault.
 */
export interface OtelModuleOptions {
  service?: ServiceOptions;
  resource?: ResourceOptions;
  otlp?: OtlpOptions;
  traces?: TracesOptions;
  metrics?: MetricsOptions;
  logs?: LogsOptions;
  http?: HttpOptions;
  rpc?: RpcOptions;
  health?: HealthOptions;
  shutdown?: ShutdownOptions;
  diagnostics?: DiagnosticsOptions;
}

/** Who this service is. */
export interface ServiceOptions {
  /**
   * `service.name`. Default: `resource.attributes`, then `OTEL_SERVICE_NAME`, then `OTEL_RESOURCE_ATTRIBUTES`, then
   * `unknown_service:node`. 1 to 255 characters.
   */
  name?: string;
  /** `service.version`. Default: none. */
  version?: string;
  /** `service.namespace`. Default: none. */
  namespace?: string;
  /** `service.instance.id`. Default: a random UUID per start. */
  instanceId?: string;
  /** `deployment.environment.name`. Default: none. */
  environment?: string;
}

/** The names by which resource detectors are chosen. */
export type ResourceDetectorName =
  | 'env'
  | 'serviceinstance'
  | 'process'
  | 'host'
  | 'os'
  | 'container'
  | 'k8s';

/** What describes the process beside the service. */
export interface ResourceOptions {
  /** Added to what is detected; wins over detectors and `OTEL_RESOURCE_ATTRIBUTES`. Default: none. */
  attributes?: Attributes;
  /** Default: `OTEL_NODE_RESOURCE_DETECTORS`, then all. `process.command_args` is never sent. */
  detectors?: readonly ResourceDetectorName[];
}

/** How ended spans and log records are gathered before an export, engine `sdk`; see `otlp.sealAfterMs` for the other. */
export interface BatchOptions {
  /** Items waiting at most; more are dropped and counted. Default: 2048. */
  maxQueueSize?: number;
  /** Items per export, at most `maxQueueSize`. Default: 512. */
  maxBatchSize?: number;
  /** Wait before a batch that is not full is sent. Default: 5000 (traces), 1000 (logs). */
  delayMs?: number;
  /** One export including the exporter's own retries. Default: 30000. */
  timeoutMs?: number;
}

/** Samplers by the names of `OTEL_TRACES_SAMPLER`. */
export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Formats of trace context and baggage, by the names of `OTEL_PROPAGATORS`. */
export type PropagatorName = 'tracecontext' | 'baggage' | 'b3' | 'b3multi' | 'none';

/** Where a signal goes. */
export type ExporterName = 'otlp' | 'console' | 'none';

/** Sampling, limits, context and export of spans. */
export interface TracesOptions {
  /** Default: `OTEL_TRACES_EXPORTER`, then `['otlp']`. `none` switches the signal off. */
  exporters?: readonly ExporterName[];
  /** A name, or your own Sampler. Default: `OTEL_TRACES_SAMPLER`, then `parentbased_always_on`. */
  sampler?: SamplerName | Sampler;
  /** 0 to 1, for the ratio samplers. Default: `OTEL_TRACES_SAMPLER_ARG`, then 1. */
  ratio?: number;
  /** Default: `OTEL_PROPAGATORS`, then `['tracecontext', 'baggage']`. */
  propagators?: readonly PropagatorName[];
  batch?: BatchOptions;
  limits?: {
    /** Per span. Default: `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_ATTRIBUTE_COUNT_LIMIT`, then 128. */
    attributeCount?: number;
    /** In characters; longer strings are cut. Default: the variables of that name, then no limit. */
    attributeValueLength?: number;
    /** Per span. Default: `OTEL_SPAN_EVENT_COUNT_LIMIT`, then 128. */
    eventCount?: number;
    /** Per span. Default: `OTEL_SPAN_LINK_COUNT_LIMIT`, then 128. */
    linkCount?: number;
    /** Default: `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, then 128. */
    attributePerEventCount?: number;
    /** Default: `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT`, then 128. */
    attributePerLinkCount?: number;
  };
  /** Run before the exporting processor. They are shut down with it. */
  processors?: readonly SpanProcessor[];
  /** Makes trace and span ids. Default: random ones. */
  idGenerator?: IdGenerator;
}

/** Collection, limits and export of metrics, and `/metrics`. */
export interface MetricsOptions {
  /** Default: `OTEL_METRICS_EXPORTER`, then `['otlp']`. `none` switches the signal off. */
  exporters?: readonly ExporterName[];
  /** From one export to the next, in ms. Default: `OTEL_METRIC_EXPORT_INTERVAL`, then 60000. */
  intervalMs?: number;
  /** One export, in ms, at most `intervalMs`. Default: `OTEL_METRIC_EXPORT_TIMEOUT`, then 30000. */
  timeoutMs?: number;
  /** Default: `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, then `cumulative`. */
  temporality?: 'cumulative' | 'delta' | 'lowmemory';
  /**
   * Points of one instrument at most, for ever: the first attribute sets keep theirs, all others are one point with
   * `otel.metric.overflow`. A view may say another for its own. Readers of yours are not bounded. Default: 2000.
   */
  cardinalityLimit?: number;
  /** Event loop, GC and heap metrics of Node. Default: true. */
  runtime?: boolean;
  /** Serve Prometheus text. `true` means `/metrics`. Default: false. */
  prometheus?: boolean | { path?: string };
  /** The SDK's views: what is kept of which instrument, and how. Default: none. */
  views?: readonly ViewOptions[];
  /** Further readers. They are shut down with ours. */
  readers?: readonly IMetricReader[];
}

/** `pretty`: lines for people. `json`: one object in each line. */
export type LogFormat = 'pretty' | 'json';
/** Levels of Nest's logger, from the least severe to the most. */
export type LogLevelName = 'verbose' | 'debug' | 'log' | 'warn' | 'error' | 'fatal';

/** What the logger prints, and the export of log records. */
export interface LogsOptions {
  /** Default: `OTEL_LOGS_EXPORTER`, then `['otlp']`. `none` keeps printing and sends nothing. */
  exporters?: readonly ExporterName[];
  /** What OtelLogger prints. Default: `json` where `NODE_ENV` is `production`, else `pretty`. */
  format?: LogFormat;
  /** The least severe level that is printed and sent. Default: `log`. */
  level?: LogLevelName;
  /** Lines of pino 9.10 or later, such as nestjs-pino's, are sent as log records. Default: true. */
  pino?: boolean;
  batch?: BatchOptions;
  /** Run before the exporting processor. They are shut down with it. */
  processors?: readonly LogRecordProcessor[];
}

/** Ignored paths: an exact path, a prefix that ends in `*`, a pattern, or a function of path and method. */
export type HttpIgnore = string | RegExp | ((path: string, method: string) => boolean);

/** Instrumentation of HTTP servers and clients. */
export interface HttpOptions {
  /** Spans and metrics of incoming requests. Default: true. */
  server?: boolean;
  /** Spans and metrics of outgoing fetch, undici and node:http calls. Default: true. */
  client?: boolean;
  /** Incoming requests without any telemetry, besides probes and `/metrics`. Default: none. */
  ignore?: readonly HttpIgnore[];
  /** Hosts (`host` or `host:port`) to which outgoing calls leave no telemetry and carry no context. Default: none. */
  ignoreHosts?: readonly (string | RegExp)[];
  /**
   * Query keys whose values become `REDACTED`, besides the seven of the conventions and the well-known names
   * of credentials (`token`, `password`, `api_key` and their like). Any case. Default: none.
   */
  redactQuery?: readonly string[];
  /** Request headers kept as `http.request.header.<key>`. Default: none. */
  requestHeaders?: readonly string[];
  /** Response headers kept as `http.response.header.<key>`. Default: none. */
  responseHeaders?: readonly string[];
  /** Default: `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, then the ten known methods. */
  knownMethods?: readonly string[];
  /** Believe `Forwarded` and `X-Forwarded-*` for scheme, host and client address. Default: false. */
  trustProxy?: boolean;
}

/** Instrumentation of gRPC servers and clients. */
export interface RpcOptions {
  /** Spans and metrics of gRPC controllers. Default: true. */
  server?: boolean;
  /** Spans and metrics of ClientGrpc. Default: true. */
  client?: boolean;
  /** Methods without any telemetry, `pkg.Service/Method` or `pkg.Service/*`. Default: health and reflection. */
  ignore?: readonly string[];
  /** Metadata keys kept as `rpc.request.header.<key>`. Default: none. */
  requestMetadata?: readonly string[];
}

/**
 * A database client or ORM whose server can be asked: pg, mysql2, TypeORM, Prisma, Sequelize, Knex, Kysely, MikroORM,
 * Drizzle, Mongoose, MongoClient, node-redis, ioredis, Elasticsearch and others, told by their methods, or any object
 * with a `ping()` or a `query(sql)` of its own. Anything else is refused at the start.
 */
export type Pingable = object;

/** Probes, and what readiness asks. */
export interface HealthOptions {
  /** Serve the probes. Default: true. */
  enabled?: boolean;
  paths?: {
    /** Restart me? Default: `/livez`. */
    live?: string;
    /** Send me traffic? Default: `/readyz`. */
    ready?: string;
    /** Begin with the other probes? Default: `/startupz`. */
    startup?: string;
    /** The same as `live`. Default: `/healthz`. */
    health?: string;
  };
  /** A port of their own for probes and `/metrics`; needed where there is no HTTP app. Default: none. */
  port?: number;
  /** The address that `port` binds. Default: every interface. */
  host?: string;
  /** Databases that readiness asks: a name, and the injection token of what to ping. Default: none. */
  databases?: Readonly<Record<string, InjectionToken>>;
  /** Further questions that readiness asks. Default: none. */
  indicators?: readonly HealthIndicator[];
  /** Tell whether telemetry reaches the collector, as `degraded` at worst. Default: true. */
  otlp?: boolean;
  /** One indicator, in ms. Default: 1000. */
  timeoutMs?: number;
  /** How long an answer serves again, in ms. Default: 1000. */
  cacheMs?: number;
}

/** Deadlines of the phases, in ms. Their sum should stay below the pod's grace period. */
export interface ShutdownOptions {
  /** Go on serving, not ready, so that load balancers notice. Default: 5000 in Kubernetes, else 0. */
  drainMs?: number;
  /** Close listeners and idle connections. Default: 1000. */
  stopIntakeMs?: number;
  /** Wait for requests in flight. Default: 10000. */
  inFlightMs?: number;
  /** Nest's own hooks. Default: 5000. */
  hooksMs?: number;
  /** Traces and logs, then the final metrics. Default: 5000. */
  flushMs?: number;
  /** After the last phase, before the process is ended by force. 0: never by force. Default: 0. */
  forceExitMs?: number;
  /**
   * How long the end of a process that was not shut down may be held up to send what is queued: `process.exit()` and
   * uncaught exceptions. 0: not at all. Ignored without a worker, and by the engine `sdk`. Default: 500.
   */
  exitMs?: number;
}

/** What OpenTelemetry and this package say of themselves. */
export interface DiagnosticsOptions {
  /** Level of OpenTelemetry's own diagnostics. Default: `OTEL_LOG_LEVEL`, then `warn`. */
  level?: 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';
  /** Print at start what is instrumented, and what is not. Default: true. */
  startupReport?: boolean;
}
