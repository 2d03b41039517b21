/**
 * What a receiver answers to one export request. `hang` never answers and `reset` cuts the connection: they
 * are there for scripted peers; a real receiver uses the first three.
 */
export type ExportReply =
  | { readonly kind: 'accepted'; readonly message?: string }
  | { readonly kind: 'partial'; readonly rejected: number; readonly message: string }
  | {
      readonly kind: 'refused';
      /** gRPC status code number; HTTP status is derived by the table of OTLP unless given. */
      readonly code: number;
      readonly httpStatus?: number;
      readonly message: string;
      /** RetryInfo on gRPC, Retry-After on HTTP. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' };
