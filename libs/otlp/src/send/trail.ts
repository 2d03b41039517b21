/** Facts of one operation on its way: retry and the transport write them, `observe` and the layers between read them. */
export interface Trail {
  /** Attempts that left for the peer. Undefined if no retry layer counts them, so that an operation is one attempt. */
  attempts: number | undefined;
  /** The batch was sent again after an attempt that the peer may have taken. */
  resent: boolean;
  /** The last attempt sent nothing, since it had no connection or no headers. */
  unsent: boolean;
  /** An attempt sent the batch a second time at once. */
  wentAtOnce: boolean;
}

/** A new trail, for each operation and for each part of a batch that is split. */
export function beginTrail(): Trail {
  return {
    attempts: undefined,
    resent: false,
    unsent: false,
    wentAtOnce: false,
  };
}

/** Adds the attempts of a part to those of the whole. */
export function joinTrail(whole: Trail, part: Trail): void {
  if (part.attempts === undefined) return;
  whole.attempts = (whole.attempts ?? 0) + part.attempts;
  whole.resent ||= part.resent;
}

/** An attempt may send the batch again at once: one time in an operation, since a later failure is worth a pause. */
export function mayGoAtOnce(trail: Trail): boolean {
  const isFirst = !trail.wentAtOnce;
  trail.wentAtOnce = true;
  return isFirst;
}
