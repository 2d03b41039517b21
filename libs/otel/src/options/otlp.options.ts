// Generated from the tables of this room by `npm run options`. Not to be edited by hand.
import type {
  OtlpAuth,
  OtlpCompression,
  OtlpEngine,
  OtlpHeaders,
  OtlpProtocol,
} from './option-types.js';

/**
 * PEM files. A file that is missing or cannot be read stops the start. The engine `nestlens` reads
 * them again when they change.
 */
export interface OtlpTlsOptions {
  /**
   * CA bundle that signed the collector's certificate. Default: `OTEL_EXPORTER_OTLP_CERTIFICATE`,
   * then Node's own roots.
   */
  caFile?: string;
  /**
   * Client certificate for mTLS, its issuers after it. It needs `keyFile`. Default:
   * `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, else none.
   */
  certFile?: string;
  /**
   * Private key of `certFile`. It needs `certFile`. Default: `OTEL_EXPORTER_OTLP_CLIENT_KEY`, else
   * none.
   */
  keyFile?: string;
  /** Passphrase of an encrypted `keyFile`. Default: none. */
  passphrase?: string;
  /**
   * Name that the collector's certificate must carry. Engine `nestlens` only. Default: the
   * endpoint's host.
   */
  serverName?: string;
  /**
   * Oldest TLS version that is accepted. Values: `TLSv1.2`, `TLSv1.3`. Engine `nestlens` only.
   * Default: `TLSv1.2`.
   */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** Connections to one collector. */
export interface OtlpPoolOptions {
  /**
   * Most connections to one gRPC collector. The second is made when the first is busy. 1 to 16.
   * Engine `nestlens` only. Default: 2.
   */
  sessions?: number;
  /**
   * Deadline for TCP, TLS and the collector's first answer, for gRPC and HTTP. At least 1 ms.
   * Engine `nestlens` only. Default: 3000.
   */
  connectTimeoutMs?: number;
  /**
   * Silence after which a PING is sent, while an answer is outstanding. At least 1 ms. Engine
   * `nestlens` only. Default: 10000.
   */
  keepaliveMs?: number;
  /**
   * Deadline for the answer to a PING. Without one the connection is replaced. At least 1 ms.
   * Engine `nestlens` only. Default: 5000.
   */
  keepaliveTimeoutMs?: number;
  /**
   * Age at which a connection is replaced, give or take a fifth, for gRPC and HTTP. At least 1 ms.
   * Engine `nestlens` only. Default: 300000 (5 min).
   */
  maxAgeMs?: number;
}

/** Telemetry that cannot be sent is kept on disk. Without a directory no disk is used. */
export interface OtlpSpoolOptions {
  /**
   * Directory of the spool. It is made when it is missing, with mode 0700, and several processes
   * may share it. With neither option nor variable no disk is used, and other options of the spool
   * are a fault. Engine `nestlens` only. Default: `NESTLENS_OTLP_SPOOL_DIRECTORY`, else none.
   */
  directory?: string;
  /**
   * Largest size on disk, for each process. The oldest telemetry is evicted first. At least 65536
   * bytes. Engine `nestlens` only. Default: 268435456 (256 MiB).
   */
  maxBytes?: number;
  /**
   * Age at which telemetry on disk is dropped. At least 1 ms. Engine `nestlens` only. Default:
   * 86400000 (24 h).
   */
  maxAgeMs?: number;
  /**
   * Which telemetry goes to disk. `overflow`: batches that cannot be sent, batches while more than
   * half of the memory is in use, and batches that remain at the end. `always`: everything, before
   * it is sent; a flush and a shutdown then send from the disk. Engine `nestlens` only. Default:
   * `overflow`.
   */
  durable?: 'overflow' | 'always';
  /**
   * Time between two fsyncs, which is how much a power failure may cost. With `always` each batch
   * is synced, and a power failure costs nothing that was written. 1 to 3600000 ms, or `always`.
   * Engine `nestlens` only. Default: 500.
   */
  fsyncIntervalMs?: number | 'always';
  /**
   * Write unsent telemetry from memory to disk when the process ends without a shutdown: by
   * `process.exit()`, by an uncaught exception, or by itself. Engine `nestlens` only. Default:
   * true.
   */
  onCrash?: boolean;
}

/** One destination, or the options that differ for one signal. */
export interface OtlpDestinationOptions {
  /**
   * Protocol of the export. Values: `grpc`, `http/protobuf`, `http/json`. Default:
   * `OTEL_EXPORTER_OTLP_PROTOCOL`, then `grpc`.
   */
  protocol?: OtlpProtocol;
  /**
   * URL of the collector, `http://`, or `https://` for TLS. The engine `nestlens` also takes
   * `unix:/path/of/socket`. Without a port it is 4317 for gRPC, and 80 or 443 for HTTP. For HTTP,
   * `/v1/<signal>` is appended to the shared endpoint, and an endpoint of one signal is used as it
   * is. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, then `http://localhost:4317` (gRPC) or
   * `http://localhost:4318` (HTTP).
   */
  endpoint?: string;
  /**
   * Headers of each export (gRPC: metadata). They are merged by name with those of the variable,
   * over which they win; headers of one signal win over shared ones. The engine `nestlens` also
   * takes a function, which it calls before each attempt, on the main thread; headers from that
   * function win over headers given as values. An answer that took more than a second is used for
   * 30 s. Default: `OTEL_EXPORTER_OTLP_HEADERS`, else none.
   */
  headers?: OtlpHeaders | (() => OtlpHeaders | Promise<OtlpHeaders>);
  /**
   * Credentials: `{ type: 'bearer', token }`, `{ type: 'apiKey', key, header? }` or `{ type:
   * 'basic', username, password }`. They win over a header of the same name. With the engine
   * `nestlens` token, key and password may be functions. Default: none.
   */
  auth?: OtlpAuth;
  /**
   * PEM files. A file that is missing or cannot be read stops the start. The engine `nestlens`
   * reads them again when they change.
   */
  tls?: OtlpTlsOptions;
  /**
   * Compression of requests. Only the engine `nestlens` takes `zstd`: one request is sent in zstd,
   * and until the collector has accepted that request all others use gzip. Where the collector
   * refuses zstd, gzip or `none` is used. Values: `none`, `gzip`, `zstd`. Default:
   * `OTEL_EXPORTER_OTLP_COMPRESSION`, then `none`.
   */
  compression?: OtlpCompression;
  /**
   * Deadline of one export; with the engine `nestlens`, of one attempt. In the variable 0 means no
   * limit. At least 1 ms. Default: `OTEL_EXPORTER_OTLP_TIMEOUT`, then 10000.
   */
  timeoutMs?: number;
}

/**
 * Where telemetry goes, and how. The keys from `protocol` to `timeoutMs` can be given again below
 * `traces`, `metrics` and `logs` for one signal; their variables have a form for one signal too,
 * such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which wins over the shared one.
 */
export interface OtlpOptions extends OtlpDestinationOptions {
  /**
   * What carries telemetry to the collector. `nestlens`: our own pipeline, which retries, is
   * bounded in bytes and sends from a worker thread (docs/pipeline.md). `sdk`: the official
   * processors and exporters. Default: `nestlens`.
   */
  engine?: OtlpEngine;
  /**
   * Most exports in flight. `nestlens`: to one collector; the actual limit is learned, from 2 up to
   * this, and a signal that has none in flight may have one more. Over HTTP it is always 32 for
   * each signal. `sdk`: for each signal. 1 to 1000. Default: 32 (`nestlens`) or 30 (`sdk`).
   */
  concurrency?: number;
  /**
   * Memory for spans and log records, until the collector has answered, or until they are on disk
   * or dropped. If both are exported, an eighth is reserved for each. Metrics get a quarter of this
   * size in addition. At least 1048576 bytes. Engine `nestlens` only. Default: 33554432 (32 MiB).
   */
  maxBytes?: number;
  /**
   * Which telemetry is dropped when `maxBytes` is full. `newest`: the new item. `oldest`: the 256
   * KiB that have waited longest. `keepErrors`: the 256 KiB without an error (a span of status
   * ERROR, a record of severity 17 or more) that have waited longest, else the new item. Engine
   * `nestlens` only. Default: `newest`.
   */
  dropPolicy?: 'newest' | 'oldest' | 'keepErrors';
  /**
   * Longest wait of an ended span or a log record before its batch is sent. 1 to 600000 ms. Engine
   * `nestlens` only. Default: `traces.batch.delayMs`, then `OTEL_BSP_SCHEDULE_DELAY`, then 1000, or
   * 100 where `NODE_ENV` is not `production`.
   */
  sealAfterMs?: number;
  /**
   * Send from a worker thread. `{ entry }` names the thread's file, as a path or a `file:` URL, for
   * bundles that do not have it beside them as `nestlens-otlp-worker.js` (docs/bundling.md). If no
   * thread can be started, the main thread sends, and one line says so. Engine `nestlens` only.
   * Default: true.
   */
  worker?: boolean | { entry: string | URL };
  /** Connections to one collector. */
  pool?: OtlpPoolOptions;
  /** Telemetry that cannot be sent is kept on disk. Without a directory no disk is used. */
  spool?: OtlpSpoolOptions;
  /** Options of the destination that differ for this signal. The rest is inherited. */
  traces?: OtlpDestinationOptions;
  /** Options of the destination that differ for this signal. The rest is inherited. */
  metrics?: OtlpDestinationOptions;
  /** Options of the destination that differ for this signal. The rest is inherited. */
  logs?: OtlpDestinationOptions;
}
