import { diag } from '../api/diag.js';

const QUIET_MS = 60_000;

const lines = new Map<string, { at: number; hidden: number }>();

const textOf = (error: unknown): string => {
  try {
    return error !== null && typeof error === 'object' && 'message' in error
      ? String(error.message)
      : String(error);
  } catch {
    return 'unprintable';
  }
};

/**
 * Tells of a failure of ours, or of a function given in the options: at most one line per cause and
 * minute. `cause` is one of a fixed set of texts, so that the memory of them is bounded. Never throws.
 */
export const warnOfFault = (cause: string, error: unknown): void => {
  const now = performance.now();
  const line = lines.get(cause);
  if (line !== undefined && now - line.at < QUIET_MS) {
    line.hidden++;
    return;
  }
  const more = line === undefined || line.hidden === 0 ? '' : ` (${line.hidden} more since)`;
  lines.set(cause, { at: now, hidden: 0 });
  try {
    diag.warn(`${cause}: ${textOf(error)}; the app goes on${more}`);
  } catch {
    // A diagnostics logger of the app's that throws must not reach a request either.
  }
};

/** Runs what must never harm a request, a call or a message. */
export const guarded = (cause: string, run: () => void): void => {
  try {
    run();
  } catch (error) {
    warnOfFault(cause, error);
  }
};
