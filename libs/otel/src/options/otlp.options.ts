export type OtlpProtocol = 'grpc' | 'http/protobuf' | 'http/json';
export type OtlpCompression = 'none' | 'gzip';

/** How a collector knows us. Sent as a header of each export; always masked in reports. */
export type OtlpAuth =
  | { type: 'bearer'; token: string }
  | { type: 'apiKey'; key: string; /** Default: `x-api-key`. */ header?: string }
  | { type: 'basic'; username: string; password: string };

/** PEM files. Read once at start; a missing or unreadable file stops the start. */
export interface OtlpTlsOptions {
  /** CA bundle that signed the collector's certificate. Default: Node's own roots. */
  caFile?: string;
  /** Client certificate chain (mTLS); needs `keyFile`. */
  certFile?: string;
  /** Client private key (mTLS); needs `certFile`. */
  keyFile?: string;
}

/** One destination. Also the shape of the per-signal overrides. */
export interface OtlpDestinationOptions {
  /** Default: `OTEL_EXPORTER_OTLP_PROTOCOL`, then `grpc`. */
  protocol?: OtlpProtocol;
  /**
   * `http://` or `https://` URL; the scheme decides on TLS. Default: `OTEL_EXPORTER_OTLP_ENDPOINT`, then
   * `http://localhost:4317` (grpc) or `http://localhost:4318` (http). For http protocols `/v1/<signal>`
   * is appended to the shared endpoint; a per-signal endpoint is used as it is.
   */
  endpoint?: string;
  /** Sent with each export (gRPC: as metadata). Default: `OTEL_EXPORTER_OTLP_HEADERS`. */
  headers?: Readonly<Record<string, string>>;
  /** `{ type: 'bearer', token }`, `{ type: 'apiKey', key, header? }` or `{ type: 'basic', username, password }`. Default: none. */
  auth?: OtlpAuth;
  tls?: OtlpTlsOptions;
  /** Default: `OTEL_EXPORTER_OTLP_COMPRESSION`, then `none`. */
  compression?: OtlpCompression;
  /** One export, in ms. Default: `OTEL_EXPORTER_OTLP_TIMEOUT`, then 10000. */
  timeoutMs?: number;
}

/** The names of the export engines. */
export type OtlpEngine = 'nestlens' | 'sdk';

export interface OtlpOptions extends OtlpDestinationOptions {
  /** What carries telemetry to the collector. `sdk`: the official processors and exporters. `nestlens`: our own pipeline, which retries and sends from a thread of its own; new. Default: `sdk`. */
  engine?: OtlpEngine;
  /** Exports in flight at once per signal, engine `sdk`. The other engine learns it. Default: 30. */
  concurrency?: number;
  /** Memory for what is encoded and not settled, engine `nestlens`. Default: 33554432 (32 MiB). */
  maxBytes?: number;
  /** What goes when that is full, engine `nestlens`. Default: `newest`. */
  dropPolicy?: 'newest' | 'oldest' | 'keepErrors';
  /** Send from a thread of its own, engine `nestlens`. Default: true. */
  worker?: boolean;
  /** Keep on disk what cannot be sent, engine `nestlens`. Default: no disk is used. */
  spool?: {
    /** Made when missing, mode 0700; processes may share it. Default: none, it is needed. */
    directory: string;
    /** On disk at most; the oldest goes. Default: 268435456 (256 MiB). */
    maxBytes?: number;
    /** Older telemetry is given up, in ms. Default: 86400000 (24 h). */
    maxAgeMs?: number;
  };
  /** What differs for one signal; the rest is inherited. */
  traces?: OtlpDestinationOptions;
  metrics?: OtlpDestinationOptions;
  logs?: OtlpDestinationOptions;
}
