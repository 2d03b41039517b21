import type { IncomingHttpHeaders } from 'node:http';
import type { TlsOptions } from '../pool/tls-material.js';
import type { Warn } from '../pool/config-error.js';
import type { Clock, Sender } from '../send/sender.js';
import type { Encoding } from './encoding.js';
import type { Headers } from './headers.js';

/** A sender that speaks to a collector. */
export interface Transport extends Sender {
  /** Expiry of the client certificate in use, in ms since 1970; undefined without one. */
  readonly certificateExpiresAt: number | undefined;
}

/** Options of both transports. */
export interface SenderOptions {
  /** `http://`, `https://` or `unix:` URL; the scheme decides on TLS. User and password in it become basic auth. */
  readonly endpoint: string;
  /** Later sources override earlier ones. */
  readonly headers?: Headers | readonly Headers[];
  /** Time for all functions of `headers` together, in ms. Default 1 s. */
  readonly headersTimeoutMs?: number;
  /** Only with `https://`. */
  readonly tls?: TlsOptions;
  /** Default `identity`. `zstd`: one request tries it, and the others go in gzip until the server took it. */
  readonly compression?: Encoding;
  /** Larger requests are refused. Default and maximum 64 MiB, before compression. */
  readonly maxRequestBytes?: number;
  /** Largest reply, also after decompression. Default 4 MiB. */
  readonly maxResponseBytes?: number;
  /** Time that `close` gives requests in flight before it cuts them off, in ms. Default 5 s. */
  readonly closeTimeoutMs?: number;
  /** Called with facts that no Outcome says. Not rate limited. Default: not called. */
  readonly warn?: Warn;
  /** Called with the headers of each reply, whatever its status. Default: not called. */
  readonly onReply?: (headers: IncomingHttpHeaders) => void;
  readonly clock?: Clock;
}
