import { openConnections } from './connection.ts';
import type { Connection } from './connection.ts';

export interface LoadResult {
  readonly requests: number;
  /** Answers that were not of status 200, and connections that ended. */
  readonly failed: number;
  readonly elapsedMs: number;
}

/** Sends `count` requests over so many connections, each its next one when the last is answered. */
export async function closedLoop(
  port: number,
  requests: readonly Buffer[],
  connections: number,
  count: number,
): Promise<LoadResult> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  let answered = 0;
  let failed = 0;
  const next = (connection: Connection): void => {
    if (sent >= count) return;
    const request = requests[sent % requests.length];
    sent += 1;
    if (request !== undefined) connection.send(request);
  };
  const finish = (isGood: boolean): void => {
    answered += 1;
    if (!isGood) failed += 1;
    if (answered >= count) resolve();
  };
  const all = await openConnections(port, connections, {
    answered(connection, isGood) {
      finish(isGood);
      next(connection);
    },
    // The server keeps connections: one that ends takes its request with it, and no other is made.
    ended() {
      if (answered < count) finish(false);
      if (answered < sent || answered >= count) return;
      failed += count - answered;
      resolve();
    },
  });
  const startedAt = performance.now();
  for (const connection of all) next(connection);
  await promise;
  const elapsedMs = performance.now() - startedAt;
  for (const connection of all) connection.close();
  return { requests: answered, failed, elapsedMs };
}
