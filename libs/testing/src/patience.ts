import { runInNewContext } from 'node:vm';

/** Work that takes milliseconds on an idle machine never needs this long on a busy one. */
export const PATIENCE_MS = 100_000;

/** Returns a deadline for work that must end, but whose duration is not checked. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/**
 * Runs code that a fault would keep busy for ever, such as a pattern that backtracks on hostile text, and returns its
 * result. Throws if it has not returned after 100 s, even if it never yields to the loop.
 */
export const terminates = <T>(run: () => T): T =>
  runInNewContext('run()', { run }, { timeout: PATIENCE_MS }) as T;
