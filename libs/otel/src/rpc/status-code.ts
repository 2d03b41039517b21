/** gRPC status codes by their number, as `rpc.status_code` writes them. */
const NAMES = [
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

export type StatusCodeName = (typeof NAMES)[number];

export const OK = 0;
export const CANCELLED = 1;
export const DEADLINE_EXCEEDED = 4;
export const UNIMPLEMENTED = 12;

/** Codes that a service makes up become `UNKNOWN`, as gRPC asks of who receives them. */
export const statusCodeName = (code: number): StatusCodeName => NAMES[code] ?? 'UNKNOWN';

const SERVER_ERRORS: ReadonlySet<string> = new Set<StatusCodeName>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Whether the server is to blame; all other codes leave its span unset (semconv rpc/grpc.md). */
export const isServerError = (name: StatusCodeName): boolean => SERVER_ERRORS.has(name);

const LONGEST_DETAILS = 1024;

/** Details are the peer's to choose, and attribute limits do not hold for a span's description. */
export const boundedDetails = (details: unknown): string =>
  typeof details === 'string' ? details.slice(0, LONGEST_DETAILS) : '';
