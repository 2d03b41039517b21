import type { InjectionToken } from '@nestjs/common';
import * as v from 'valibot';
import type { HealthGroup, HealthIndicator } from './health-indicator.js';
import { DIAGNOSTIC_LEVELS } from './option-names.js';
import { option, section } from './option.js';
import {
  anyFunction,
  eitherOf,
  filled,
  flag,
  list,
  oneOf,
  pattern,
  port,
  ruleOf,
  urlPath,
  whole,
  withMethods,
} from './option-rules.js';
import type { HttpIgnore } from './option-types.js';

const ignored = ruleOf<HttpIgnore>(
  v.union([filled.schema, pattern.schema, anyFunction], 'write a path, a pattern or a function'),
  'HttpIgnore',
);

export const HTTP_OPTIONS = section('HttpOptions', 'Instrumentation of HTTP servers and clients.', {
  server: option(flag, { text: 'Spans and metrics of incoming requests.', default: true }),
  client: option(flag, {
    text: 'Spans and metrics of outgoing calls by fetch, undici and node:http.',
    default: true,
  }),
  ignore: option(list(ignored, 'paths, patterns or functions'), {
    text:
      'Incoming requests without any telemetry, besides probes and `/metrics`: an exact path, a prefix that ends in `*`, ' +
      'a pattern, or a function of path and method.',
    default: [],
  }),
  ignoreHosts: option(
    list(eitherOf([filled, pattern], 'write a host or a pattern'), 'hosts or patterns'),
    {
      text: 'Hosts (`host` or `host:port`) to which outgoing calls leave no telemetry and carry no context.',
      default: [],
    },
  ),
  redactQuery: option(list(filled, 'query keys'), {
    text:
      'Query keys, in any letter case, whose values become `REDACTED`, besides the seven of the conventions and the well-known ' +
      'names of credentials (`token`, `password`, `api_key` and their like).',
    default: [],
  }),
  requestHeaders: option(list(filled, 'header names'), {
    text: 'Request headers that are kept as `http.request.header.<key>`.',
    default: [],
  }),
  responseHeaders: option(list(filled, 'header names'), {
    text: 'Response headers that are kept as `http.response.header.<key>`.',
    default: [],
  }),
  knownMethods: option(list(filled, 'methods'), {
    text: 'Methods that are recorded by their name, exactly as written here. Any other method is `_OTHER`.',
    variables: ['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'],
    default: [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
      'CONNECT',
      'OPTIONS',
      'TRACE',
      'PATCH',
      'QUERY',
    ],
  }),
  trustProxy: option(flag, {
    text: 'Take scheme, host and client address from `Forwarded` and `X-Forwarded-*`.',
    default: false,
  }),
});

const rpcMethod = ruleOf<string>(
  v.pipe(
    v.string('write a string'),
    v.regex(/^[^/\s]+\/[^/\s]+$/, 'write "pkg.Service/Method" or "pkg.Service/*"'),
  ),
  'string',
);

export const RPC_OPTIONS = section('RpcOptions', 'Instrumentation of gRPC servers and clients.', {
  server: option(flag, { text: 'Spans and metrics of gRPC controllers.', default: true }),
  client: option(flag, { text: 'Spans and metrics of ClientGrpc.', default: true }),
  ignore: option(list(rpcMethod, 'methods'), {
    text:
      'Methods without any telemetry, as `pkg.Service/Method` or `pkg.Service/*`. The list replaces the default; an ' +
      'empty list ignores nothing.',
    default: [
      'grpc.health.v1.Health/*',
      'grpc.reflection.v1.ServerReflection/*',
      'grpc.reflection.v1alpha.ServerReflection/*',
    ],
  }),
  requestMetadata: option(list(filled, 'metadata keys'), {
    text: 'Metadata keys that are kept as `rpc.request.header.<key>`.',
    default: [],
  }),
});

const paths = section(undefined, 'Where the probes are served.', {
  live: option(urlPath, { text: 'Liveness: whether to restart the process.', default: '/livez' }),
  ready: option(urlPath, { text: 'Readiness: whether to send traffic.', default: '/readyz' }),
  startup: option(urlPath, {
    text: 'Startup: whether the other probes may begin.',
    default: '/startupz',
  }),
  health: option(urlPath, { text: 'Second path of the liveness probe.', default: '/healthz' }),
});

export const HEALTH_OPTIONS = section(
  'HealthOptions',
  'Probes, and the indicators that readiness checks.',
  {
    enabled: option(flag, { text: 'Serve the probes.', default: true }),
    paths,
    port: option(port, {
      text: 'A separate port for probes and `/metrics`. It is needed if there is no HTTP app.',
    }),
    host: option(filled, {
      text: 'Address that `port` binds. Ignored without `port`.',
      defaultText: 'every interface',
    }),
    grpc: option(flag, {
      text:
        'Serve `grpc.health.v1.Health` on each gRPC server of the app that has no such service of its own. Ignored if ' +
        '`enabled` is false.',
      default: true,
    }),
    databases: option(
      ruleOf<Readonly<Record<string, InjectionToken>>>(
        v.record(
          filled.schema as v.GenericSchema<string>,
          v.any(),
          'write an object of names and tokens',
        ),
        'Readonly<Record<string, InjectionToken>>',
      ),
      {
        text: 'Databases that readiness checks: for each a name, and the injection token of its client.',
        default: {},
      },
    ),
    indicators: option(
      list(
        withMethods<HealthIndicator>('HealthIndicator', 'HealthIndicator', 'check'),
        'health indicators',
      ),
      { text: 'Further indicators that readiness checks.', default: [] },
    ),
    groups: option(
      ruleOf<Readonly<Record<string, HealthGroup>>>(
        v.record(
          filled.schema as v.GenericSchema<string>,
          v.strictObject(
            {
              path: urlPath.schema,
              include: v.optional(list(filled, 'names of indicators').schema),
              exclude: v.optional(list(filled, 'names of indicators').schema),
            },
            'write { path, include, exclude }',
          ),
          'write an object of names and groups',
        ),
        'Readonly<Record<string, HealthGroup>>',
      ),
      {
        text: 'Further probes: for each a name, its path, and the indicators that it asks. It answers like the readiness probe.',
        default: {},
      },
    ),
    details: option(oneOf(['never', 'management', 'always']), {
      text:
        'Where probes show the details of indicators: reasons, addresses, counts. `management` means on `port` only. ' +
        'Elsewhere a probe shows the name and state of each indicator.',
      default: 'management',
    }),
    otlp: option(flag, {
      text: 'Report whether telemetry reaches the collector. At worst it makes the service `degraded`.',
      default: true,
    }),
    answerMs: option(whole(1, 600_000), {
      text:
        'The longest wait of a probe for its indicators. A check that takes longer goes on, and the probe answers with ' +
        'the finding before it. Keep it well below `timeoutSeconds` of the probe, which is 1 s by default.',
      default: 500,
    }),
    timeoutMs: option(whole(1, 600_000), {
      text:
        'Deadline of one check. After it the indicator counts as down, and the signal of the check aborts. The next check ' +
        'comes after a second, then after gaps that double up to a minute.',
      default: 2000,
    }),
    cacheMs: option(whole(0, 600_000), {
      text: 'Time for which the answer of an indicator is reused.',
      default: 1000,
    }),
  },
);

export const SHUTDOWN_OPTIONS = section(
  'ShutdownOptions',
  "Deadlines of the phases. Their sum and 3 s more should stay below the pod's grace period.",
  {
    drainMs: option(whole(0), {
      text: 'Time to go on serving while not ready, so that load balancers notice.',
      defaultText: '5000 in Kubernetes, else 0',
    }),
    stopIntakeMs: option(whole(0), {
      text: 'Deadline for closing listeners and idle connections.',
      default: 1000,
    }),
    inFlightMs: option(whole(0), { text: 'Deadline for requests in flight.', default: 10_000 }),
    hooksMs: option(whole(0), { text: "Deadline for Nest's own hooks.", default: 5000 }),
    flushMs: option(whole(0), {
      text: 'Deadline for sending traces and logs, then the final metrics.',
      default: 5000,
    }),
    forceExitMs: option(whole(0), {
      text: 'Wait after the last phase, before the process is ended by force. 0 means never.',
      default: 0,
    }),
    exitMs: option(whole(0, 60_000), {
      text: 'Longest delay of `process.exit()`, or of the end after an uncaught exception, to send queued telemetry of a process that was not shut down. 0 means not at all. Ignored without a worker.',
      engine: 'nestlens',
      default: 500,
    }),
  },
);

export const DIAGNOSTICS_OPTIONS = section(
  'DiagnosticsOptions',
  'Lines that OpenTelemetry and this module print about themselves.',
  {
    level: option(oneOf(DIAGNOSTIC_LEVELS), {
      text: "Level of OpenTelemetry's own diagnostics.",
      variables: ['OTEL_LOG_LEVEL'],
      default: 'warn',
    }),
    startupReport: option(flag, {
      text: 'Print the start block: where telemetry goes, what is instrumented, and what is not and why.',
      default: true,
    }),
  },
);
