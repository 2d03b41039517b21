import * as v from 'valibot';
import {
  anyFunction,
  batch,
  destination,
  filled,
  flag,
  list,
  oneOf,
  pattern,
  pool,
  simpleAttribute,
  spool,
  text,
  whole,
  withMethods,
  worker,
} from './schema-rules.js';

const exporters = v.optional(list(oneOf('otlp', 'console', 'none'), 'exporter names'));
const count = v.optional(whole(0, 1_000_000));
const path = v.pipe(
  text,
  v.regex(/^\/[^\s?#]+$/, 'write a path that begins with "/", without a query'),
);
const port = whole(0, 65_535);

/** The shape of OtelModuleOptions; unknown keys are faults. */
export const optionsSchema = v.strictObject(
  {
    service: v.optional(
      v.strictObject({
        name: v.optional(filled),
        version: v.optional(filled),
        namespace: v.optional(filled),
        instanceId: v.optional(filled),
        environment: v.optional(filled),
      }),
    ),
    resource: v.optional(
      v.strictObject({
        attributes: v.optional(v.record(filled, simpleAttribute, 'write an object of attributes')),
        detectors: v.optional(
          list(
            oneOf('env', 'serviceinstance', 'process', 'host', 'os', 'container', 'k8s'),
            'detector names',
          ),
        ),
      }),
    ),
    otlp: v.optional(
      v.strictObject({
        ...destination,
        engine: v.optional(oneOf('nestlens', 'sdk')),
        concurrency: v.optional(whole(1, 1000)),
        maxBytes: v.optional(whole(1_048_576)),
        dropPolicy: v.optional(oneOf('newest', 'oldest', 'keepErrors')),
        sealAfterMs: v.optional(whole(1, 600_000)),
        worker: v.optional(worker),
        pool: v.optional(pool),
        spool: v.optional(spool),
        traces: v.optional(v.strictObject(destination)),
        metrics: v.optional(v.strictObject(destination)),
        logs: v.optional(v.strictObject(destination)),
      }),
    ),
    traces: v.optional(
      v.strictObject({
        exporters,
        sampler: v.optional(
          v.union(
            [
              oneOf(
                'always_on',
                'always_off',
                'traceidratio',
                'parentbased_always_on',
                'parentbased_always_off',
                'parentbased_traceidratio',
              ),
              withMethods('Sampler', 'shouldSample'),
            ],
            'write a sampler name such as "parentbased_traceidratio", or give a Sampler',
          ),
        ),
        ratio: v.optional(
          v.pipe(
            v.number('write a number from 0 to 1'),
            v.minValue(0, 'write a number from 0 to 1'),
            v.maxValue(1, 'write a number from 0 to 1'),
          ),
        ),
        propagators: v.optional(
          list(oneOf('tracecontext', 'baggage', 'b3', 'b3multi', 'none'), 'propagator names'),
        ),
        batch: v.optional(batch),
        limits: v.optional(
          v.strictObject({
            attributeCount: count,
            attributeValueLength: count,
            eventCount: count,
            linkCount: count,
            attributePerEventCount: count,
            attributePerLinkCount: count,
          }),
        ),
        processors: v.optional(list(withMethods('SpanProcessor', 'onEnd'), 'span processors')),
        idGenerator: v.optional(withMethods('IdGenerator', 'generateTraceId', 'generateSpanId')),
      }),
    ),
    metrics: v.optional(
      v.pipe(
        v.strictObject({
          exporters,
          intervalMs: v.optional(whole(1)),
          timeoutMs: v.optional(whole(1)),
          temporality: v.optional(oneOf('cumulative', 'delta', 'lowmemory')),
          cardinalityLimit: v.optional(whole(1, 1_000_000)),
          runtime: v.optional(flag),
          prometheus: v.optional(
            v.union(
              [flag, v.strictObject({ path: v.optional(path) })],
              'write true, false or { path: "/metrics" }',
            ),
          ),
          views: v.optional(list(v.looseObject({}), 'views')),
          readers: v.optional(list(withMethods('MetricReader', 'collect'), 'metric readers')),
        }),
        v.forward(
          v.check(
            ({ intervalMs, timeoutMs }) =>
              timeoutMs === undefined || timeoutMs <= (intervalMs ?? 60_000),
            'write at most intervalMs (60000 unless set)',
          ),
          ['timeoutMs'],
        ),
      ),
    ),
    logs: v.optional(
      v.strictObject({
        exporters,
        format: v.optional(oneOf('pretty', 'json')),
        level: v.optional(oneOf('verbose', 'debug', 'log', 'warn', 'error', 'fatal')),
        pino: v.optional(flag),
        batch: v.optional(batch),
        processors: v.optional(
          list(withMethods('LogRecordProcessor', 'onEmit'), 'log record processors'),
        ),
      }),
    ),
    http: v.optional(
      v.strictObject({
        server: v.optional(flag),
        client: v.optional(flag),
        ignore: v.optional(
          list(
            v.union([filled, pattern, anyFunction], 'write a path, a pattern or a function'),
            'paths, patterns or functions',
          ),
        ),
        ignoreHosts: v.optional(
          list(v.union([filled, pattern], 'write a host or a pattern'), 'hosts or patterns'),
        ),
        redactQuery: v.optional(list(filled, 'query keys')),
        requestHeaders: v.optional(list(filled, 'header names')),
        responseHeaders: v.optional(list(filled, 'header names')),
        knownMethods: v.optional(list(filled, 'methods')),
        trustProxy: v.optional(flag),
      }),
    ),
    rpc: v.optional(
      v.strictObject({
        server: v.optional(flag),
        client: v.optional(flag),
        ignore: v.optional(
          list(
            v.pipe(
              text,
              v.regex(/^[^/\s]+\/[^/\s]+$/, 'write "pkg.Service/Method" or "pkg.Service/*"'),
            ),
            'methods',
          ),
        ),
        requestMetadata: v.optional(list(filled, 'metadata keys')),
      }),
    ),
    health: v.optional(
      v.strictObject({
        enabled: v.optional(flag),
        paths: v.optional(
          v.strictObject({
            live: v.optional(path),
            ready: v.optional(path),
            startup: v.optional(path),
            health: v.optional(path),
          }),
        ),
        port: v.optional(port),
        host: v.optional(filled),
        databases: v.optional(v.record(filled, v.any(), 'write an object of names and tokens')),
        indicators: v.optional(list(withMethods('HealthIndicator', 'check'), 'health indicators')),
        otlp: v.optional(flag),
        timeoutMs: v.optional(whole(1, 600_000)),
        cacheMs: v.optional(whole(0, 600_000)),
      }),
    ),
    shutdown: v.optional(
      v.strictObject({
        drainMs: v.optional(whole(0)),
        stopIntakeMs: v.optional(whole(0)),
        inFlightMs: v.optional(whole(0)),
        hooksMs: v.optional(whole(0)),
        flushMs: v.optional(whole(0)),
        forceExitMs: v.optional(whole(0)),
        exitMs: v.optional(whole(0, 60_000)),
      }),
    ),
    diagnostics: v.optional(
      v.strictObject({
        level: v.optional(oneOf('none', 'error', 'warn', 'info', 'debug', 'verbose', 'all')),
        startupReport: v.optional(flag),
      }),
    ),
  },
  'write an object of options',
);
