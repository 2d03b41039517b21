import { diag } from '../api/diag.js';

const PAUSE_MS = 60_000;
const lastTold = new Map<string, number>();

/**
 * Tells OpenTelemetry's diagnostics that something of ours failed, at most once a minute per cause.
 * `cause` is one of our own constants, so the memory of them is bounded. Never throws.
 */
export const warn = (cause: string, error: unknown): void => {
  const now = Date.now();
  const last = lastTold.get(cause);
  if (last !== undefined && now - last < PAUSE_MS) return;
  lastTold.set(cause, now);
  try {
    diag.warn(`gRPC instrumentation: ${cause}; the call went on without it`, error);
  } catch {
    // A diag logger of the user that throws must not reach the call either.
  }
};
