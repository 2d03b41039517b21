import { openConnections } from './connection.ts';
import type { Connection } from './connection.ts';

export interface LatencyResult {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The value that `share` of the sorted values do not exceed. */
export const percentileOf = (sorted: Float64Array, share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;

const GIVE_UP_MS = 10_000;

/**
 * Sends requests at even distances, whether or not earlier ones are answered. A latency counts from the moment at which
 * its request was due: so that one that had to wait, since all connections were busy, is not made to look fast. The
 * first `warmMs` do not count.
 */
export async function openLoop(
  port: number,
  requests: readonly Buffer[],
  connections: number,
  { perSecond, forMs, warmMs }: { perSecond: number; forMs: number; warmMs: number },
  clock: { now(): number } = performance,
): Promise<LatencyResult> {
  const total = Math.floor((perSecond * (warmMs + forMs)) / 1000);
  const unmeasured = Math.floor((perSecond * warmMs) / 1000);
  const latencies = new Float64Array(total - unmeasured);
  const free: Connection[] = [];
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let measured = 0;
  let startedAt = 0;
  const firstDueAt = (): number => startedAt + (unmeasured * 1000) / perSecond;
  const { promise, resolve } = Promise.withResolvers<void>();
  const all = await openConnections(port, connections, {
    answered(connection, isGood) {
      const { dueAt } = connection;
      if (dueAt >= firstDueAt()) latencies[measured++] = clock.now() - dueAt;
      answered += 1;
      if (!isGood) failed += 1;
      free.push(connection);
    },
    ended() {
      failed += 1;
    },
  });
  free.push(...all);
  startedAt = clock.now();
  const giveUpAt = startedAt + warmMs + forMs + GIVE_UP_MS;
  const turn = (): void => {
    const now = clock.now();
    while (sent < total) {
      const dueAt = startedAt + (sent * 1000) / perSecond;
      const connection = dueAt <= now ? free.pop() : undefined;
      const request = requests[sent % requests.length];
      if (connection === undefined || request === undefined) break;
      connection.dueAt = dueAt;
      sent += 1;
      connection.send(request);
    }
    if (answered >= total || now > giveUpAt) resolve();
    // Without a pause, since no timer is as fine as a request is short. The generator has a core for this.
    else setImmediate(turn);
  };
  turn();
  await promise;
  for (const connection of all) connection.close();
  const sorted = latencies.subarray(0, measured).toSorted();
  return {
    requests: answered,
    failed: failed + total - answered,
    p50Ms: percentileOf(sorted, 0.5),
    p99Ms: percentileOf(sorted, 0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
  };
}
