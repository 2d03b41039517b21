/** OTLP over gRPC, or over HTTP with protobuf or JSON. */
export type OtlpProtocol = 'grpc' | 'http/protobuf' | 'http/json';
/** `zstd`: engine `nestlens` only; one request asks in zstd, others go in gzip until the collector took it. */
export type OtlpCompression = 'none' | 'gzip' | 'zstd';

/** By value, or asked for before each attempt, as for tokens that expire. */
export type OtlpSecret = string | (() => string | Promise<string>);

/** How a collector knows us. Sent as a header of each export; always masked in reports. */
export type OtlpAuth =
  | { type: 'bearer'; token: OtlpSecret }
  | { type: 'apiKey'; key: OtlpSecret; /** Default: `x-api-key`. */ header?: string }
  | { type: 'basic'; username: string; password: OtlpSecret };

/** Header names and values (gRPC: metadata). */
export type OtlpHeaders = Readonly<Record<string, string>>;

/** PEM files. A missing or unreadable file stops the start; engine `nestlens` reads them again when they change. */
export interface OtlpTlsOptions {
  /** CA bundle that signed the collector's certificate. Default: Node's own roots. */
  caFile?: string;
  /** Client certificate chain (mTLS); needs `keyFile`. */
  certFile?: string;
  /** Client private key (mTLS); needs `certFile`. */
  keyFile?: string;
  /** Opens `keyFile`. Default: none. */
  passphrase?: string;
  /** The name that the collector's certificate must carry, engine `nestlens`. Default: the endpoint's host. */
  serverName?: string;
  /** Oldest TLS that is spoken, engine `nestlens`. Default: `TLSv1.2`. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** One destination. Also the shape of the per-signal overrides. */
export interface OtlpDestinationOptions {
  /** Default: `OTEL_EXPORTER_OTLP_PROTOCOL`, then `grpc`. */
  protocol?: OtlpProtocol;
  /**
   * `http://` or `https://` URL; the scheme decides on TLS. Engine `nestlens` takes `unix:/path/of/socket` too.
   * Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, then `http://localhost:4317` (grpc) or `http://localhost:4318` (http). For
   * http protocols `/v1/<signal>` is appended to the shared endpoint; a per-signal endpoint is used as it is.
   */
  endpoint?: string;
  /**
   * Sent with each export (gRPC: as metadata). Engine `nestlens` takes a function too, asked before each attempt; what
   * it gives wins over headers by value. Default: `OTEL_EXPORTER_OTLP_HEADERS`.
   */
  headers?: OtlpHeaders | (() => OtlpHeaders | Promise<OtlpHeaders>);
  /**
   * `{ type: 'bearer', token }`, `{ type: 'apiKey', key, header? }` or `{ type: 'basic', username, password }`. Token,
   * key and password may be functions with engine `nestlens`. Default: none.
   */
  auth?: OtlpAuth;
  tls?: OtlpTlsOptions;
  /** Default: `OTEL_EXPORTER_OTLP_COMPRESSION`, then `none`. */
  compression?: OtlpCompression;
  /** One export, in ms; engine `nestlens`: one attempt of it. Default: `OTEL_EXPORTER_OTLP_TIMEOUT`, then 10000. */
  timeoutMs?: number;
}

/** The names of the export engines. */
export type OtlpEngine = 'nestlens' | 'sdk';

/** Connections to one gRPC collector. */
export interface OtlpPoolOptions {
  /** Connections at most, 1 to 16; the second is made when the first is busy. Default: 2. */
  sessions?: number;
  /** TCP, TLS and the collector's greeting, in ms. Default: 3000. */
  connectTimeoutMs?: number;
  /** Silence while an answer is owed, after which a PING is sent, in ms. Default: 10000. */
  keepaliveMs?: number;
  /** How long its answer may take, in ms. Default: 5000. */
  keepaliveTimeoutMs?: number;
  /** After which a connection is replaced, in ms, give or take a fifth. Default: 300000. */
  maxAgeMs?: number;
}

/** Batches on disk. */
export interface OtlpSpoolOptions {
  /** Made when missing, mode 0700; processes may share it. Default: `NESTLENS_OTLP_SPOOL_DIRECTORY`; one of them is needed. */
  directory?: string;
  /** On disk at most, of each process; the oldest goes. Default: 268435456 (256 MiB). */
  maxBytes?: number;
  /** Older telemetry is given up, in ms. Default: 86400000 (24 h). */
  maxAgeMs?: number;
  /**
   * `overflow`: what cannot be sent, what is above half of the memory, and what is left at the end. `always`:
   * everything, before it is sent. Default: `overflow`.
   */
  durable?: 'overflow' | 'always';
  /** How much a power failure may take, in ms; `always`: nothing that is in it. Default: 500. */
  fsyncIntervalMs?: number | 'always';
  /**
   * Write what is in memory, and could not be sent, to disk when the process ends without a shutdown: by
   * `process.exit()`, an uncaught exception, or by itself. Default: true.
   */
  onCrash?: boolean;
}

export interface OtlpOptions extends OtlpDestinationOptions {
  /**
   * What carries telemetry to the collector. `nestlens`: our own pipeline, which retries, is bounded in bytes and sends
   * from a thread of its own. `sdk`: the official processors and exporters. Default: `nestlens`.
   */
  engine?: OtlpEngine;
  /**
   * Exports in flight at most. `nestlens`: to one collector, learned from 2 up to this, 32 by default. `sdk`: per
   * signal. Default: 30.
   */
  concurrency?: number;
  /** Memory for spans and log records until they are answered for, engine `nestlens`. At least 1048576, default 33554432 (32 MiB). */
  maxBytes?: number;
  /** What goes when that is full, engine `nestlens`. Default: `newest`. */
  dropPolicy?: 'newest' | 'oldest' | 'keepErrors';
  /**
   * The longest that an ended span or record waits before its batch is sent, in ms, engine `nestlens`. Default:
   * `traces.batch.delayMs`, `OTEL_BSP_SCHEDULE_DELAY`, then 1000, or 100 where `NODE_ENV` is not `production`.
   */
  sealAfterMs?: number;
  /**
   * Send from a thread of its own, engine `nestlens`. `entry` names the thread's file, a `file:` URL or a path, relative
   * to the working directory, for bundles that put it elsewhere than beside themselves as `nestlens-otlp-worker.js`.
   * Default: true.
   */
  worker?: boolean | { entry: string | URL };
  /** Connections to a gRPC collector, engine `nestlens`. */
  pool?: OtlpPoolOptions;
  /**
   * Keep on disk what cannot be sent, engine `nestlens`. Default: the directory of `NESTLENS_OTLP_SPOOL_DIRECTORY`, or
   * no disk is used.
   */
  spool?: OtlpSpoolOptions;
  /** What differs for one signal; the rest is inherited. */
  traces?: OtlpDestinationOptions;
  metrics?: OtlpDestinationOptions;
  logs?: OtlpDestinationOptions;
}
