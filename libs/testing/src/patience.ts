import { runInNewContext } from 'node:vm';

/** So long that no busy machine needs it for work that takes milliseconds on an idle one. */
export const PATIENCE_MS = 100_000;

/** A deadline for work that must end, and whose duration is not judged. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/**
 * Runs code that a fault would keep busy for ever, such as a pattern that backtracks on hostile text, and returns its
 * result. Throws if it has not returned after 100 s, even if it never yields to the loop.
 */
export const terminates = <T>(run: () => T): T =>
  runInNewContext('run()', { run }, { timeout: PATIENCE_MS }) as T;
