import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;

/** A probe throws this error if waiting cannot help. */
export class PointlessWaitError extends Error {}

/**
 * Calls `probe` again and again until it does not throw. After `timeoutMs` it throws an error with `what` and
 * the last reason. It throws a `PointlessWaitError`, and the reason of an abort, at once.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  signal: AbortSignal,
  probe: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await probe();
    } catch (error) {
      if (error instanceof PointlessWaitError) throw error;
      if (performance.now() > deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${what}: not within ${(timeoutMs / 1000).toFixed(1)} s: ${reason}`, {
          cause: error,
        });
      }
    }
    await sleep(EVERY_MS, undefined, { signal });
  }
}
