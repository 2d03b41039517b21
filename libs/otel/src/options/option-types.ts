import type { Protocol } from '@nestlens/otlp';
import type {
  COMPRESSIONS,
  ENGINES,
  EXPORTERS,
  LOG_FORMATS,
  LOG_LEVELS,
  PROPAGATORS,
  RESOURCE_DETECTORS,
  SAMPLERS,
  TRACERS,
} from './option-names.js';

/** The names by which resource detectors are chosen. */
export type ResourceDetectorName = (typeof RESOURCE_DETECTORS)[number];

/** Samplers by the names of `OTEL_TRACES_SAMPLER`. */
export type SamplerName = (typeof SAMPLERS)[number];

/** Formats of trace context and baggage, by the names of `OTEL_PROPAGATORS`. */
export type PropagatorName = (typeof PROPAGATORS)[number];

/** The destination of a signal. */
export type ExporterName = (typeof EXPORTERS)[number];

/** `pretty`: lines for people. `json`: one object in each line. */
export type LogFormat = (typeof LOG_FORMATS)[number];
/** Levels of Nest's logger, from the least severe to the most. */
export type LogLevelName = (typeof LOG_LEVELS)[number];

/** OTLP over gRPC, or over HTTP with protobuf or JSON. */
export type OtlpProtocol = Protocol;
/** Only the engine `nestlens` takes `zstd`. */
export type OtlpCompression = (typeof COMPRESSIONS)[number];

/** The names of the export engines. */
export type OtlpEngine = (typeof ENGINES)[number];

/** The names of the tracers: our own, and that of `@opentelemetry/sdk-trace`. */
export type TracerName = (typeof TRACERS)[number];

/** A secret by value, or a function that is asked before each attempt, as for tokens that expire. */
export type OtlpSecret = string | (() => string | Promise<string>);

/** How the collector knows us. It is sent as a header of each export, and every report masks it. */
export type OtlpAuth =
  | { type: 'bearer'; token: OtlpSecret }
  | { type: 'apiKey'; key: OtlpSecret; /** Default: `x-api-key`. */ header?: string }
  | { type: 'basic'; username: string; password: OtlpSecret };

/** Names and values of headers (gRPC: of metadata). */
export type OtlpHeaders = Readonly<Record<string, string>>;

/** Requests to ignore: an exact path, a prefix that ends in `*`, a pattern, or a function of path and method. */
export type HttpIgnore = string | RegExp | ((path: string, method: string) => boolean);

/**
 * A database client or ORM whose server can be asked: pg, mysql2, TypeORM, Prisma, Sequelize, Knex, Kysely, MikroORM,
 * Drizzle, Mongoose, MongoClient, node-redis, ioredis, Elasticsearch and others, known by their methods, or any object
 * that has a `ping()` or a `query(sql)`. Anything else is refused at the start.
 */
export type Pingable = object;
