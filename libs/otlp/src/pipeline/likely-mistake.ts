import { refusalHint } from '../transport/collector-words.js';
import { endpointOf } from './pipeline-options.js';
import type { Protocol } from '../wire/model.js';

/** The facts of a destination that fails. */
interface Failing {
  readonly protocol: Protocol;
  readonly tls: boolean;
  readonly port: number | undefined;
  /** It has answered something in this process. */
  readonly hasAnswered: boolean;
}

/** The usual ports of OTLP. Source: OTLP specification, "Default Port". */
const GRPC = 4317;
const HTTP = 4318;

/** Node's words for an answer that is none of HTTP/2, or of HTTP/1.1. */
const OTHER_PROTOCOL: ReadonlySet<string> = new Set(['ERR_HTTP2_ERROR', 'HPE_INVALID_CONSTANT']);
/** Node's words for an answer that is none of TLS. */
const NO_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'EPROTO',
]);
/** TLS without HTTP/2: the server went on without a protocol, or refused ours. */
const NO_ALPN: ReadonlySet<string> = new Set([
  'alpn',
  'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
]);
/** A port of TLS hangs up on plain text, and some servers on a protocol that they do not know. */
const HUNG_UP: ReadonlySet<string> = new Set(['connection_closed', 'ECONNRESET', 'EPIPE']);
const UNKNOWN_CA =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF))/;
const CLIENT_CERTIFICATE =
  /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN)$/;
const DATES: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** A destination that fails. */
interface FailingDestination {
  readonly protocol: Protocol;
  /** The URL that is asked for, over HTTP with its path. */
  readonly endpoint: string;
  /** It has answered something in this process. */
  readonly hasAnswered: boolean;
}

/**
 * What an outcome's reason suggests of a destination, and what to do: a clause or a question; empty for nothing.
 *
 * @internal
 */
export function mistakeAt(
  reason: string,
  { protocol, endpoint, hasAnswered }: FailingDestination,
): string {
  const { tls = false, port, path, socketPath } = endpointOf({ protocol, endpoint }) ?? {};
  // The name of a socket has no place for a path.
  const asked = protocol === 'grpc' || socketPath !== undefined ? undefined : path || '/';
  return likelyMistake(reason, { protocol, tls, port, hasAnswered }) || refusalHint(reason, asked);
}

/** The mistake that a failure suggests, and its remedy; empty for none. */
export function likelyMistake(
  reason: string,
  { protocol, tls, port, hasAnswered }: Failing,
): string {
  const isGrpc = protocol === 'grpc';
  if (OTHER_PROTOCOL.has(reason)) return otherProtocol(isGrpc, port);
  if (NO_TLS.has(reason)) {
    return 'does the collector speak TLS on this port? Where it does not, write http://';
  }
  if (NO_ALPN.has(reason)) {
    return (
      'gRPC needs HTTP/2, which is not spoken on this port of TLS: switch it on there, or set the protocol' +
      ' http/protobuf where it is a port of OTLP over HTTP'
    );
  }
  if (reason === 'tls_expected') return 'this is a port of TLS: write https://';
  if (HUNG_UP.has(reason) && !tls && !hasAnswered) {
    return 'the connection is closed before any answer: is this a port of TLS? Then write https://';
  }
  return certificateHint(reason);
}

function otherProtocol(isGrpc: boolean, port: number | undefined): string {
  if (isGrpc && port === HTTP) {
    return `${HTTP} is the port of OTLP over HTTP: set the protocol http/protobuf, or port ${GRPC}`;
  }
  if (!isGrpc && port === GRPC) {
    return `${GRPC} is the port of OTLP over gRPC: set the protocol grpc, or port ${HTTP}`;
  }
  return isGrpc
    ? `is this a port of OTLP over gRPC, as ${GRPC}? For OTLP over HTTP set http/protobuf, for TLS write https://`
    : `is this a port of OTLP over HTTP, as ${HTTP}? For OTLP over gRPC set grpc, for TLS write https://`;
}

function certificateHint(reason: string): string {
  if (UNKNOWN_CA.test(reason)) {
    return 'the CA of its certificate is not known here: give it as tls.caFile';
  }
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'its certificate is for another name: use that in the endpoint, or as tls.serverName';
  }
  if (DATES.has(reason)) return 'renew its certificate, or set the clock of one of the two';
  if (CLIENT_CERTIFICATE.test(reason)) {
    return 'it wants a client certificate that it trusts: tls.certFile and tls.keyFile';
  }
  return '';
}
