/** One way to run the app. `reference` is bare Nest. */
export interface Subject {
  readonly name: string;
  /** What is measured, in words. */
  readonly title: string;
  /** A file of `app/wirings`. */
  readonly wiring?: string;
  /** Flags of Node that load it before the app. */
  readonly preload: readonly string[];
  readonly env: (sink: SinkPorts, adapter: Adapter, ratio: number) => NodeJS.ProcessEnv;
  /** What it sends: spans over OTLP, or traces in the protocol of its vendor. */
  readonly counts: Counts;
  /** Where our packages come from: of this checkout, or of another one. */
  readonly packages?: 'this' | 'other';
  /** npm packages whose versions are told. */
  readonly peers: readonly string[];
  /** What it stops at, for the reader. */
  readonly remark?: string;
}

export type Counts = 'spans' | 'traces' | 'nothing';
export type Adapter = 'express' | 'fastify';

export interface SinkPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
}

const PRELOADS = './preloads';

const otel = (endpoint: number, ratio: number): NodeJS.ProcessEnv => ({
  OTEL_SERVICE_NAME: 'bench',
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${endpoint}`,
  OTEL_METRICS_EXPORTER: 'otlp',
  OTEL_LOGS_EXPORTER: 'otlp',
  // Where all traces are sampled, the sampler is the default of each.
  ...(ratio < 1 && {
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: String(ratio),
  }),
});

const nestlens = (name: string, title: string, packages: 'this' | 'other'): Subject => ({
  name,
  title,
  wiring: 'nestlens.js',
  preload: [],
  env: ({ grpcPort }, _adapter, ratio) => otel(grpcPort, ratio),
  counts: 'spans',
  packages,
  peers: [],
});

const official = (
  name: string,
  title: string,
  instrumentation: (adapter: Adapter) => string,
  given: Partial<Subject> = {},
): Subject => ({
  name,
  title,
  preload: ['--import', `${PRELOADS}/official.mjs`],
  env: ({ httpPort }, adapter, ratio) => ({
    ...otel(httpPort, ratio),
    BENCH_INSTRUMENTATION: instrumentation(adapter),
  }),
  counts: 'spans',
  peers: ['@opentelemetry/sdk-node', '@opentelemetry/instrumentation-http'],
  ...given,
});

const framework = (adapter: Adapter): string =>
  adapter === 'express' ? 'http,express,nest' : 'http,fastify';

export const bare: Subject = {
  name: 'bare',
  title: 'bare Nest',
  preload: [],
  env: () => ({}),
  counts: 'nothing',
  peers: ['@nestjs/core', 'express', 'fastify'],
};

export const ours = nestlens('ours', 'Nestlens', 'this');
export const other = nestlens('other', 'Nestlens of the other checkout', 'other');
/** Ours with the tracer of the official SDK. */
export const stockTracer: Subject = {
  ...ours,
  name: 'stock',
  title: 'Nestlens, the stock tracer',
  env: (...given) => ({ ...ours.env(...given), BENCH_TRACER: 'sdk' }),
};
const httpAlone = official('http', 'NodeSDK, http instrumentation alone', () => 'http');

/** Beside bare Nest and ours where the work is a call over gRPC, a fetch, or a method with a span. */
export const officialGrpc = official('grpc', 'NodeSDK, grpc instrumentation', () => 'grpc', {
  peers: ['@opentelemetry/instrumentation-grpc'],
});
export const officialFetch = official('undici', 'NodeSDK, undici instrumentation', () => 'undici', {
  peers: ['@opentelemetry/instrumentation-undici'],
});
export const nestjsOtelSpan = official('decorator', 'NodeSDK, @Span of nestjs-otel', () => '', {
  wiring: 'nestjs-otel.mjs',
  peers: ['nestjs-otel'],
});

/** Those of the bench `http`, in the order of the tables. */
export const subjects: readonly Subject[] = [
  bare,
  ours,
  other,
  stockTracer,
  httpAlone,
  official('nest', 'NodeSDK, http and framework instrumentation', framework, {
    peers: [
      '@opentelemetry/instrumentation-express',
      '@opentelemetry/instrumentation-nestjs-core',
      '@fastify/otel',
    ],
    remark:
      'Express: http, express and nestjs-core (silent on Nest 12); Fastify: http and @fastify/otel',
  }),
  official('nestjs-otel', 'the same with nestjs-otel', framework, {
    wiring: 'nestjs-otel.mjs',
    peers: ['nestjs-otel'],
  }),
  {
    name: 'observe',
    title: '@nestjs/observe',
    wiring: 'observe.mjs',
    preload: [],
    env: ({ httpPort }) => ({ OBSERVE_ENDPOINT: `http://127.0.0.1:${httpPort}` }),
    counts: 'traces',
    peers: ['@nestjs/observe'],
    remark: 'sends to the sink, in the protocol of its vendor',
  },
  {
    name: 'datadog',
    title: 'dd-trace',
    preload: ['--import', 'dd-trace/initialize.mjs'],
    env: ({ httpPort }, _adapter, ratio) => ({
      DD_TRACE_AGENT_URL: `http://127.0.0.1:${httpPort}`,
      DD_SERVICE: 'bench',
      DD_TRACE_SAMPLE_RATE: String(ratio),
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    }),
    counts: 'traces',
    peers: ['dd-trace'],
  },
  {
    name: 'sentry',
    title: 'Sentry for Node',
    preload: ['--import', `${PRELOADS}/sentry.mjs`],
    env: ({ httpPort }, _adapter, ratio) => ({
      BENCH_SINK_PORT: String(httpPort),
      BENCH_RATIO: String(ratio),
    }),
    counts: 'traces',
    peers: ['@sentry/node'],
    remark: '@sentry/nestjs stops at Nest 11',
  },
];

/** Every subject of every bench. */
export const everySubject: readonly Subject[] = [
  ...subjects,
  officialGrpc,
  officialFetch,
  nestjsOtelSpan,
];
