import { accepted, partial, refused, refusedForSize, retry } from '../send/outcome.js';
import type { Outcome } from '../send/outcome.js';
import type { ExportResponse } from '../wire/export-response.js';
import type { GrpcCode } from '../wire/status-codes.js';
import type { GrpcStatus } from './grpc-status.js';

const RETRYABLE: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

const MAX_REASON_CHARS = 256;

const TELLS_SIZE = /larger than max|exceeds maximum size|too large/i;

/** gRPC codes with which servers refuse a message over their limit: grpc-go uses the first, tonic the second. */
const MAY_TELL_SIZE: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'RESOURCE_EXHAUSTED',
  'OUT_OF_RANGE',
]);

/**
 * Whether the reason of a refusal is the size of the request. gRPC has one code for an exhausted quota and for a
 * message over the limit, and the OpenTelemetry Collector answers 400 over HTTP, so only the text tells.
 */
export function tellsSize(message: string): boolean {
  return TELLS_SIZE.test(message);
}

/**
 * Judges a gRPC status. RESOURCE_EXHAUSTED may be retried only if the peer sends a RetryInfo, even one of 0. Delays
 * are passed on unchanged; the retry layer bounds them. Source: OTLP specification, OTLP/gRPC Response.
 */
export function grpcVerdict({ code, message, retryAfterMs }: GrpcStatus): Outcome {
  if (code === 'OK') return accepted;
  const isThrottled = code === 'RESOURCE_EXHAUSTED' && retryAfterMs !== undefined;
  if (!isThrottled && MAY_TELL_SIZE.has(code) && tellsSize(message)) {
    return refusedForSize(code);
  }
  if (!isThrottled && !RETRYABLE.has(code)) return refused(code);
  // A negative delay still means that the peer recovers.
  return retry(code, retryAfterMs === undefined || retryAfterMs < 0 ? undefined : retryAfterMs);
}

/** Judges an HTTP status of OTLP/HTTP. Source: OTLP specification, OTLP/HTTP Response. */
export function httpVerdict(
  status: number,
  retryAfter: string | undefined,
  nowMs = Date.now(),
): Outcome {
  if (status >= 200 && status < 300) return accepted;
  if (status === 429 || status === 502 || status === 503 || status === 504) {
    return retry(String(status), delayOf(retryAfter, nowMs));
  }
  if (status === 413) return refusedForSize(String(status));
  // Redirects are not followed: requests carry credentials, and a wrong endpoint should be seen.
  return refused(String(status));
}

/** The plain text with which Go's server and nginx answer on a TLS port: no collector has seen the request. */
export function asksForTls(status: number, message: string): boolean {
  return (
    status === 400 && /\bHTTP request (was sent )?to (an )?HTTPS (server|port)\b/i.test(message)
  );
}

/**
 * Judges an HTTP reply to a gRPC request that is not gRPC, so a proxy made it. Retryable ones keep their HTTP status,
 * since it says more than UNAVAILABLE, to which gRPC maps them: with 429 a proxy lives and asks for less, and with
 * 502 and 504 the collector may have taken the request. Source: gRPC, http-grpc-status-mapping; OTLP/HTTP Response.
 */
export function proxyVerdict(
  status: number,
  retryAfter: string | undefined,
  nowMs = Date.now(),
): Outcome {
  switch (status) {
    case 429:
    case 502:
    case 503:
    case 504:
      return httpVerdict(status, retryAfter, nowMs);
    case 400:
      return refused('INTERNAL');
    case 401:
      return refused('UNAUTHENTICATED');
    case 403:
      return refused('PERMISSION_DENIED');
    case 404:
      return refused('UNIMPLEMENTED');
    default:
      return refused('UNKNOWN');
  }
}

/**
 * A rejected count of 0 is success, whatever the message says. A count above the number of items sent is reduced to
 * it.
 */
export function exportVerdict(response: ExportResponse, items: number): Outcome {
  const { rejected, message } = response;
  if (!(rejected > 0)) return accepted;
  return partial(Math.min(rejected, items), message.slice(0, MAX_REASON_CHARS));
}

/** Seconds or an HTTP date (one in the past is 0); undefined for neither. Source: RFC 9110, 10.2.3. */
export function delayOf(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes far more than HTTP dates, such as `-1`.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
