import type { IncomingHttpHeaders } from 'node:http2';
import { decodeStatus } from '../wire/status.js';
import { GRPC_CODES } from '../wire/status-codes.js';
import type { GrpcCode } from '../wire/status-codes.js';

export interface GrpcStatus {
  readonly code: GrpcCode;
  readonly message: string;
  /** RetryInfo's delay, if the peer sent one. */
  readonly retryAfterMs?: number;
}

/** Details are base64. Those that we read hold a code, a text and a delay. */
const MAX_DETAILS_CHARS = 64 * 1024;
const MAX_MESSAGE_CHARS = 1024;

/** Undefined without a `grpc-status`. An invalid number counts as UNKNOWN. */
export function grpcStatusIn(trailers: IncomingHttpHeaders): GrpcStatus | undefined {
  const number = trailers['grpc-status'];
  if (number === undefined) return undefined;
  const code = (/^\d{1,2}$/.test(String(number)) && GRPC_CODES[Number(number)]) || 'UNKNOWN';
  const message = decodeGrpcMessage(String(trailers['grpc-message'] ?? ''));
  const retryAfterMs = retryInfoIn(trailers['grpc-status-details-bin']);
  return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs };
}

/**
 * Decodes percent-encoding, keeps invalid escapes as they are, and truncates. Source: gRPC over HTTP/2,
 * Status-Message.
 */
export function decodeGrpcMessage(text: string, maxChars = MAX_MESSAGE_CHARS): string {
  // One character of three bytes takes nine in this encoding.
  const cut = text.slice(0, maxChars * 9);
  if (!cut.includes('%')) return cut.slice(0, maxChars);
  const bytes = Buffer.from(cut.replace(/%(?![\da-f]{2})/gi, '%25'), 'utf8');
  const decoded = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const isEscape = bytes[at] === 0x25;
    decoded[length++] = isEscape
      ? parseInt(bytes.toString('latin1', at + 1, at + 3), 16)
      : bytes[at]!;
    if (isEscape) at += 2;
  }
  return decoded.toString('utf8', 0, length).slice(0, maxChars);
}

/** Undefined if there are none, or if they cannot be read. */
function retryInfoIn(details: string | string[] | undefined): number | undefined {
  if (typeof details !== 'string' || details.length > MAX_DETAILS_CHARS) return undefined;
  try {
    return decodeStatus(Buffer.from(details, 'base64')).retryAfterMs;
  } catch {
    return undefined;
  }
}
