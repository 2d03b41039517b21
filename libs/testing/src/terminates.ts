import { runInNewContext } from 'node:vm';

/** So long that no busy machine needs it for what takes milliseconds on an idle one. */
const PATIENCE_MS = 100_000;

/**
 * Runs what a fault would keep busy for ever, such as a pattern that goes back for each character of a hostile text, and
 * returns its result. Throws where it has not come back after 100 s, though it never gives up the loop.
 */
export const terminates = <T>(run: () => T): T =>
  runInNewContext('run()', { run }, { timeout: PATIENCE_MS }) as T;
