import type { Protocol } from './pipeline-options.js';

/** An answer that is none of HTTP/2, of HTTP/1.1, or of TLS. */
const PLAIN: ReadonlySet<string> = new Set(['ERR_HTTP2_ERROR', 'HPE_INVALID_CONSTANT']);
const SECURE: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'EPROTO',
]);

/** A question about the destination that a failure suggests; empty for none. Swapped ports are the usual mistake. */
export function likelyMistake(reason: string, protocol: Protocol): string {
  const isGrpc = protocol === 'grpc';
  if (PLAIN.has(reason)) {
    return isGrpc
      ? ' (is this a port of OTLP over gRPC, 4317 as a rule, without TLS?)'
      : ' (is this a port of OTLP over HTTP, 4318 as a rule, without TLS?)';
  }
  if (SECURE.has(reason)) return ' (does the collector speak TLS on this port?)';
  return reason === 'alpn' ? ' (does the collector speak HTTP/2 on this port?)' : '';
}
