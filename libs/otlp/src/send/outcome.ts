/**
 * The result of a send. A value, never a throw: retry, breaker, ledger and health all read it.
 * Source: OTLP specification, "OTLP/gRPC Response" and "OTLP/HTTP Response".
 */
export type Outcome =
  | { readonly kind: 'accepted' }
  /** The rest was accepted. Never sent again. */
  | { readonly kind: 'partial'; readonly rejected: number; readonly reason: string }
  /** May be sent again, not before `afterMs` if the peer asked for a pause. `tooLarge`: in parts. */
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly afterMs?: number;
      readonly tooLarge?: true;
    }
  /** Must not be sent again unchanged. `tooLarge`: refused for its size, so parts of it may be accepted. */
  | { readonly kind: 'refused'; readonly reason: string; readonly tooLarge?: true };

export const accepted: Outcome = Object.freeze({ kind: 'accepted' });

export function partial(rejected: number, reason: string): Outcome {
  return {
    kind: 'partial',
    rejected,
    reason,
  };
}

/** `reason` is of low cardinality, such as `UNAVAILABLE`, `503`, `ECONNREFUSED`, `timeout`. */
export function retry(reason: string, afterMs?: number): Outcome {
  return afterMs === undefined ? { kind: 'retry', reason } : { kind: 'retry', reason, afterMs };
}

export function refused(reason: string): Outcome {
  return { kind: 'refused', reason };
}

export function retryInParts(reason: string): Outcome {
  return {
    kind: 'retry',
    reason,
    tooLarge: true,
  };
}

export function refusedForSize(reason: string): Outcome {
  return {
    kind: 'refused',
    reason,
    tooLarge: true,
  };
}
