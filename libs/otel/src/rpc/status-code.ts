import { GRPC_CODES } from '@nestlens/otlp';
import type { GrpcCode } from '@nestlens/otlp';

export const OK = 0;
export const CANCELLED = 1;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const RESOURCE_EXHAUSTED = 8;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;

/** Codes that a service makes up become `UNKNOWN`, as gRPC asks of who receives them. */
export const statusCodeName = (code: number): GrpcCode => GRPC_CODES[code] ?? 'UNKNOWN';

const SERVER_ERRORS: ReadonlySet<string> = new Set<GrpcCode>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Returns true for codes that are the server's fault. All others leave its span unset (semconv rpc/grpc.md). */
export const isServerError = (name: GrpcCode): boolean => SERVER_ERRORS.has(name);

const LONGEST_DETAILS = 1024;

/** Details are the peer's to choose, and attribute limits do not hold for a span's description. */
export const boundedDetails = (details: unknown): string =>
  typeof details === 'string' ? details.slice(0, LONGEST_DETAILS) : '';
