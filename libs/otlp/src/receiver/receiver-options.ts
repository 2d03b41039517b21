import type { DecodeLimits } from '../wire/decode-limits.js';
import type { ExportRequest, Protocol } from '../wire/model.js';

/** The protocol of a request. */
export type Transport = Protocol;

/** One export request, as received. */
export interface ReceivedExport {
  readonly request: ExportRequest;
  readonly transport: Transport;
  /** Lowercase names; repeated ones joined with `, `. */
  readonly headers: Record<string, string>;
  /** Bytes on the wire, before decompression. */
  readonly bytes: number;
  /** The request message after decompression. The receiver does not use it again. */
  readonly raw?: Uint8Array;
}

/**
 * The answer of a receiver to one export request. `hang` never answers and `reset` cuts the connection: they are for
 * scripted peers. A real receiver uses the first three.
 */
export type ExportReply =
  | { readonly kind: 'accepted'; readonly message?: string }
  | { readonly kind: 'partial'; readonly rejected: number; readonly message: string }
  | {
      readonly kind: 'refused';
      /** gRPC status code number. The HTTP status follows by OTLP's table unless it is given. */
      readonly code: number;
      readonly httpStatus?: number;
      readonly message: string;
      /** RetryInfo on gRPC, Retry-After on HTTP. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' };

/** Limits of one receiver. They hold whatever a peer sends. */
export interface ReceiverLimits extends DecodeLimits {
  /** Bytes of one request body, after decompression. Default 20 MiB. */
  readonly maxBodyBytes: number;
  /** Ratio of inflated to compressed size, for bodies that inflate to more than 1 MiB. Default 100. */
  readonly maxInflateRatio: number;
  /** Bytes of all bodies held at a time, both ports together. Beyond it requests are asked to retry. Default 64 MiB. */
  readonly maxHeldBytes: number;
  /** Time from the headers of a request to the end of its body, in ms. Default 30 s. */
  readonly bodyTimeoutMs: number;
  /**
   * Connections of a port. Beyond it the connection that was idle longest is closed, or the new one if none is idle.
   * Default 64.
   */
  readonly maxConnections: number;
}

/** Options of `createOtlpReceiver`. */
export interface OtlpReceiverOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** gRPC port. Default 4317; 0 takes any free port; false switches it off. */
  readonly grpcPort?: number | false;
  /** HTTP port. Default 4318; 0 takes any free port; false switches it off. */
  readonly httpPort?: number | false;
  /**
   * Names that a Host header may contain besides loopback names and `host`, without port; `*` admits all. Other names
   * get 403, so that a web page cannot reach the receiver by a name that resolves to this machine. Default none.
   */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<ReceiverLimits>;
  /** Decides the answer. If it throws or rejects, the peer gets INTERNAL / 500, which it does not retry. */
  readonly onExport: (received: ReceivedExport) => ExportReply | Promise<ExportReply>;
  /** Called with the error of `onExport`. Default: not called; {@link ReceiverStats.failed} counts it. */
  readonly onError?: (error: unknown) => void;
}

/** Counts since the start, and the number of open connections. */
export interface ReceiverStats {
  readonly connections: number;
  readonly heldBytes: number;
  /** Bytes of all complete request bodies, as received. */
  readonly receivedBytes: number;
  readonly accepted: number;
  readonly partial: number;
  /** Refused by `onExport`. */
  readonly refused: number;
  /** Refused by the receiver: malformed, too large, too slow, wrong type, path, host or origin. */
  readonly rejected: number;
  /** Requests for which `onExport` threw. */
  readonly failed: number;
}
