import type { DecodeLimits } from '../wire/decode-limits.js';
import type { ExportRequest, Protocol } from '../wire/model.js';

/** How a request came in. */
export type Transport = Protocol;

/** One export request as it came in. */
export interface ReceivedExport {
  readonly request: ExportRequest;
  readonly transport: Transport;
  /** Lowercase names; repeated ones joined with `, `. */
  readonly headers: Record<string, string>;
  /** Size on the wire, that is before inflating. */
  readonly bytes: number;
  /** The request message after inflating; the receiver does not use it again. */
  readonly raw?: Uint8Array;
}

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

/** Bounds of one receiver. They hold whatever a peer sends. */
export interface ReceiverLimits extends DecodeLimits {
  /** One request body, after inflating. Default 20 MiB. */
  readonly maxBodyBytes: number;
  /** Inflated size over compressed size, for bodies that inflate to more than 1 MiB. Default 100. */
  readonly maxInflateRatio: number;
  /** All bodies held at one moment, both ports together; beyond it requests are told to come back. Default 64 MiB. */
  readonly maxHeldBytes: number;
  /** From the headers of a request to the end of its body. Default 30 s. */
  readonly bodyTimeoutMs: number;
  /** Per port; beyond it the connection that was idle longest is closed, or the new one if none is. Default 64. */
  readonly maxConnections: number;
}

/** Options of `createOtlpReceiver`. */
export interface OtlpReceiverOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 4317; 0 takes any free port; false is off. */
  readonly grpcPort?: number | false;
  /** Default 4318; 0 takes any free port; false is off. */
  readonly httpPort?: number | false;
  /**
   * Names that a Host header may carry besides loopback ones and `host`, without port; `*` allows all. Others get 403,
   * so that a web page cannot reach the receiver by a name that resolves to this machine. Default none.
   */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<ReceiverLimits>;
  /** Decides the answer. If it throws or rejects, the peer gets INTERNAL / 500, which it does not retry. */
  readonly onExport: (received: ReceivedExport) => ExportReply | Promise<ExportReply>;
  /** Told of what `onExport` threw. Default: nobody, {@link ReceiverStats.failed} counts it. */
  readonly onError?: (error: unknown) => void;
}

/** Counts since the start, and what is open now. */
export interface ReceiverStats {
  readonly connections: number;
  readonly heldBytes: number;
  /** Wire bytes of all complete request bodies. */
  readonly receivedBytes: number;
  readonly accepted: number;
  readonly partial: number;
  /** By `onExport`. */
  readonly refused: number;
  /** By the receiver: malformed, too large, too slow, wrong type, path, host or origin. */
  readonly rejected: number;
  /** `onExport` threw. */
  readonly failed: number;
}
