const CLAIMED = Symbol.for('nestlens.http.client_call');
const CODES: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'UND_ERR_ABORTED']);

/** Returns `true` to the first app that asks for `request`. Several apps of one process hear of the same request. */
export const claim = (request: object): boolean => {
  const claimed = request as { [CLAIMED]?: true };
  if (claimed[CLAIMED] === true) return false;
  claimed[CLAIMED] = true;
  return true;
};

/**
 * Returns true if an error says only that the caller cancelled. An abort with a reason of the caller's own, and a timeout
 * (`AbortSignal.timeout`), look like failures and count as failures.
 */
export const isCancellation = (error: unknown): boolean => {
  if (error === null || typeof error !== 'object') return false;
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return name === 'AbortError' || CODES.has(code);
};
