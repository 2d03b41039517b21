import type { IncomingHttpHeaders } from 'node:http';
import type { TlsOptions } from '../pool/tls-material.js';
import type { Warn } from '../pool/config-error.js';
import type { Clock, Sender } from '../send/sender.js';
import type { Encoding } from './encoding.js';
import type { Headers } from './headers.js';

/** A sender that speaks to a collector. */
export interface Transport extends Sender {
  /** When the client certificate in use ends, in ms since 1970; undefined without one. */
  readonly certificateExpiresAt: number | undefined;
}

/** What both transports take. */
export interface SenderOptions {
  /** `http://`, `https://` or `unix:` URL; the scheme decides on TLS. User and password in it become basic auth. */
  readonly endpoint: string;
  /** Later ones win. */
  readonly headers?: Headers | readonly Headers[];
  /** All functions of `headers` together. Default 1 s. */
  readonly headersTimeoutMs?: number;
  /** Only with `https://`. */
  readonly tls?: TlsOptions;
  /** Default `identity`. `zstd`: one request asks in zstd, others go in gzip until the server took it. */
  readonly compression?: Encoding;
  /** Refused above it. Default and maximum 64 MiB, before compression. */
  readonly maxRequestBytes?: number;
  /** Also after decompression. Default 4 MiB. */
  readonly maxResponseBytes?: number;
  /** What `close` gives those in flight before it cuts them off. Default 5 s. */
  readonly closeTimeoutMs?: number;
  /** Told of what no Outcome says. Not rate limited. Default: nobody. */
  readonly warn?: Warn;
  /** Told of the headers of each reply, whatever the reply says. Default: nobody. */
  readonly onReply?: (headers: IncomingHttpHeaders) => void;
  readonly clock?: Clock;
}
