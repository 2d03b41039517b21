import { runInNewContext } from 'node:vm';

/** So long that no busy machine needs it for what takes milliseconds on an idle one. */
export const PATIENCE_MS = 100_000;

/** A deadline for what has to be done in the end, and is not judged by how long it takes. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/**
 * Runs what a fault would keep busy for ever, such as a pattern that goes back for each character of a hostile text, and
 * returns its result. Throws where it has not come back after 100 s, though it never gives up the loop.
 */
export const terminates = <T>(run: () => T): T =>
  runInNewContext('run()', { run }, { timeout: PATIENCE_MS }) as T;
