// Generated from the tables of this room by `npm run options`. Not to be edited by hand.
import type { InjectionToken } from '@nestjs/common';
import type { HealthIndicator } from './health-indicator.js';
import type { HealthGroup } from './health-indicator.js';
import type { HttpIgnore } from './option-types.js';

/** Instrumentation of HTTP servers and clients. */
export interface HttpOptions {
  /** Spans and metrics of incoming requests. Default: true. */
  server?: boolean;
  /** Spans and metrics of outgoing calls by fetch, undici and node:http. Default: true. */
  client?: boolean;
  /**
   * Incoming requests without any telemetry, besides probes and `/metrics`: an exact path, a prefix
   * that ends in `*`, a pattern, or a function of path and method. Default: none.
   */
  ignore?: readonly HttpIgnore[];
  /**
   * Hosts (`host` or `host:port`) to which outgoing calls leave no telemetry and carry no context.
   * Default: none.
   */
  ignoreHosts?: readonly (string | RegExp)[];
  /**
   * Query keys, in any letter case, whose values become `REDACTED`, besides the seven of the
   * conventions and the well-known names of credentials (`token`, `password`, `api_key` and their
   * like). Default: none.
   */
  redactQuery?: readonly string[];
  /** Request headers that are kept as `http.request.header.<key>`. Default: none. */
  requestHeaders?: readonly string[];
  /** Response headers that are kept as `http.response.header.<key>`. Default: none. */
  responseHeaders?: readonly string[];
  /**
   * Methods that are recorded by their name, exactly as written here. Any other method is `_OTHER`.
   * Default: `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, then `['GET', 'HEAD', 'POST', 'PUT',
   * 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']`.
   */
  knownMethods?: readonly string[];
  /** Take scheme, host and client address from `Forwarded` and `X-Forwarded-*`. Default: false. */
  trustProxy?: boolean;
}

/** Instrumentation of gRPC servers and clients. */
export interface RpcOptions {
  /** Spans and metrics of gRPC controllers. Default: true. */
  server?: boolean;
  /** Spans and metrics of ClientGrpc. Default: true. */
  client?: boolean;
  /**
   * Methods without any telemetry, as `pkg.Service/Method` or `pkg.Service/*`. The list replaces
   * the default; an empty list ignores nothing. Default: `['grpc.health.v1.Health/*',
   * 'grpc.reflection.v1.ServerReflection/*', 'grpc.reflection.v1alpha.ServerReflection/*']`.
   */
  ignore?: readonly string[];
  /** Metadata keys that are kept as `rpc.request.header.<key>`. Default: none. */
  requestMetadata?: readonly string[];
}

/** Probes, and the indicators that readiness checks. */
export interface HealthOptions {
  /** Serve the probes. Default: true. */
  enabled?: boolean;
  /** Where the probes are served. */
  paths?: {
    /** Liveness: whether to restart the process. Default: `/livez`. */
    live?: string;
    /** Readiness: whether to send traffic. Default: `/readyz`. */
    ready?: string;
    /** Startup: whether the other probes may begin. Default: `/startupz`. */
    startup?: string;
    /** Second path of the liveness probe. Default: `/healthz`. */
    health?: string;
  };
  /**
   * A separate port for probes and `/metrics`. It is needed if there is no HTTP app. 0 to 65535.
   * Default: none.
   */
  port?: number;
  /** Address that `port` binds. Ignored without `port`. Default: every interface. */
  host?: string;
  /**
   * Serve `grpc.health.v1.Health` on each gRPC server of the app that has no such service of its
   * own. Ignored if `enabled` is false. Default: true.
   */
  grpc?: boolean;
  /**
   * Databases that readiness checks: for each a name, and the injection token of its client.
   * Default: none.
   */
  databases?: Readonly<Record<string, InjectionToken>>;
  /** Further indicators that readiness checks. Default: none. */
  indicators?: readonly HealthIndicator[];
  /**
   * Further probes: for each a name, its path, and the indicators that it asks. It answers like the
   * readiness probe. Default: none.
   */
  groups?: Readonly<Record<string, HealthGroup>>;
  /**
   * Where probes show the details of indicators: reasons, addresses, counts. `management` means on
   * `port` only. Elsewhere a probe shows the name and state of each indicator. Values: `never`,
   * `management`, `always`. Default: `management`.
   */
  details?: 'never' | 'management' | 'always';
  /**
   * Report whether telemetry reaches the collector. At worst it makes the service `degraded`.
   * Default: true.
   */
  otlp?: boolean;
  /**
   * The longest wait of a probe for its indicators. A check that takes longer goes on, and the
   * probe answers with the finding before it. Keep it well below `timeoutSeconds` of the probe,
   * which is 1 s by default. 1 to 600000 ms. Default: 500.
   */
  answerMs?: number;
  /**
   * Deadline of one check. After it the indicator counts as down, and the signal of the check
   * aborts. The next check comes after a second, then after gaps that double up to a minute. 1 to
   * 600000 ms. Default: 2000.
   */
  timeoutMs?: number;
  /** Time for which the answer of an indicator is reused. 0 to 600000 ms. Default: 1000. */
  cacheMs?: number;
}

/** Deadlines of the phases. Their sum and 3 s more should stay below the pod's grace period. */
export interface ShutdownOptions {
  /**
   * Time to go on serving while not ready, so that load balancers notice. In ms. Default: 5000 in
   * Kubernetes, else 0.
   */
  drainMs?: number;
  /** Deadline for closing listeners and idle connections. In ms. Default: 1000. */
  stopIntakeMs?: number;
  /** Deadline for requests in flight. In ms. Default: 10000. */
  inFlightMs?: number;
  /** Deadline for Nest's own hooks. In ms. Default: 5000. */
  hooksMs?: number;
  /** Deadline for sending traces and logs, then the final metrics. In ms. Default: 5000. */
  flushMs?: number;
  /**
   * Wait after the last phase, before the process is ended by force. 0 means never. In ms. Default:
   * 0.
   */
  forceExitMs?: number;
  /**
   * Longest delay of `process.exit()`, or of the end after an uncaught exception, to send queued
   * telemetry of a process that was not shut down. 0 means not at all. Ignored without a worker. 0
   * to 60000 ms. Engine `nestlens` only. Default: 500.
   */
  exitMs?: number;
}
