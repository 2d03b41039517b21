/** gRPC status codes by their number. Source: gRPC, statuscodes. */
export const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The name of a gRPC status code. */
export type GrpcCode = (typeof GRPC_CODES)[number];

/** gRPC status codes that a receiver uses for its own answers. */
const OK = 0;
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;

/**
 * The HTTP status that an OTLP client treats like a gRPC code: retryable codes give 503 or 429, others a status that
 * is not retryable. Source: OTLP specification, Failures; the collector answers the same.
 */
export function httpStatusOf(code: number): number {
  switch (code) {
    case OK:
      return 200;
    case INVALID_ARGUMENT:
      return 400;
    case PERMISSION_DENIED:
      return 403;
    case RESOURCE_EXHAUSTED:
      return 429;
    case UNIMPLEMENTED:
      return 404;
    case 16: // UNAUTHENTICATED
      return 401;
    case 1: // CANCELLED
    case DEADLINE_EXCEEDED:
    case 10: // ABORTED
    case 11: // OUT_OF_RANGE
    case UNAVAILABLE:
    case 15: // DATA_LOSS
      return 503;
    default:
      return 500;
  }
}
