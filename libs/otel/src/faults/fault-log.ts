import { LogRateLimit } from '@nestlens/otlp';
import { diag } from '../api/diag.js';

const rate = new LogRateLimit({ maxCauses: 200 });

const messageOf = (error: unknown): string => {
  try {
    return error !== null && typeof error === 'object' && 'message' in error
      ? String(error.message)
      : String(error);
  } catch {
    return 'unprintable';
  }
};

/**
 * Prints a failure of this package, or of a function that the options give, by OpenTelemetry's diagnostics: at most one
 * line per cause and minute. `cause` is one of a fixed set of texts. Never throws.
 */
export const warnOfFault = (cause: string, error: unknown): void => {
  const suppressed = rate.admit(cause, performance.now());
  if (suppressed === undefined) return;
  const more = suppressed === 0 ? '' : ` (${suppressed} more since)`;
  try {
    diag.warn(`${cause}: ${messageOf(error)}; the app goes on${more}`);
  } catch {
    // A diagnostics logger of the app's that throws must not reach a request either.
  }
};

/** Calls `run`, which must never harm a request, a call or a message. Prints an error that `run` throws. */
export const guarded = (cause: string, run: () => void): void => {
  try {
    run();
  } catch (error) {
    warnOfFault(cause, error);
  }
};
