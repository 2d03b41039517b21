import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthFinding } from '../options/health-indicator.js';
import { call, has, part, read } from './foreign-client.js';
import type { ForeignClient } from './foreign-client.js';

/** A pool of `pg`, told from other clients with `connect()` and `query()` by its counts. */
export const isPgPool = (client: ForeignClient): boolean =>
  has(client, 'connect', 'query') &&
  ['totalCount', 'idleCount', 'waitingCount'].every((key) => typeof read(client, key) === 'number');

const UP: HealthFinding = { state: 'up' };

/** After this time without an answer of the pool, the server is asked beside it. */
const SUSPICIOUS_MS = 250;
/** The pool has this time for its answer after the server has answered beside it. */
const LAST_CHANCE_MS = 750;
const SILENT = 'a connection of the pool does not answer';

const isExhausted = (pool: ForeignClient): boolean =>
  read(pool, 'idleCount') === 0 &&
  Number(read(pool, 'totalCount')) >= Number(part(pool, 'options')['max'] ?? Infinity);

/** Rejects at the abort; never resolves. */
const untilAbort = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => reject(new Error('the check was aborted'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });

/** Waits for `work`, or rejects at the abort. Nobody hears what `work` rejects with after that. */
const orAbort = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  work.catch(() => {});
  return Promise.race([work, untilAbort(signal)]);
};

const promised = (pool: ForeignClient, method: string, ...args: unknown[]): Promise<unknown> =>
  Promise.resolve(call(pool, method, ...args));

/** Pools in which a check of ours still waits. A second one would take one more connection from the app. */
const waitingIn = new WeakSet<ForeignClient>();

/** Over a connection of the pool. An abort closes it, since a query that hangs would keep it from the app for ever. */
const askOver = async (
  pool: ForeignClient,
  sql: string,
  signal: AbortSignal,
): Promise<HealthFinding> => {
  waitingIn.add(pool);
  try {
    const connection = (await call(pool, 'connect')) as ForeignClient;
    try {
      await orAbort(promised(connection, 'query', sql), signal);
      return UP;
    } finally {
      call(connection, 'release', signal.aborted);
    }
  } finally {
    waitingIn.delete(pool);
  }
};

/** Over a connection outside of the pool, made by the pool's own class and options. */
const askBeside = async (
  pool: ForeignClient,
  sql: string,
  signal: AbortSignal,
  message: string,
): Promise<HealthFinding> => {
  const Client = read(pool, 'Client') as new (options: unknown) => ForeignClient;
  const client = new Client(read(pool, 'options'));
  // A connection that breaks tells of it by an event, which would end the process without a listener.
  call(client, 'on', 'error', () => {});
  try {
    await orAbort(promised(client, 'connect'), signal);
    await orAbort(promised(client, 'query', sql), signal);
  } finally {
    promised(client, 'end').catch(() => {});
  }
  const detail = {
    message,
    connections: Number(read(pool, 'totalCount')),
    waiting: Number(read(pool, 'waitingCount')),
  };
  return { state: 'degraded', detail };
};

/**
 * Asks the server of a pool of `pg`:
 *
 * 1. If all connections of the pool are in use: over one more, beside the pool. If the server answers there, the pool is
 *    exhausted and the server is well: that is `degraded`. With `down` all pods would be out of service at once, and their
 *    load with nobody. The check does not wait in the pool's queue, which nothing can leave.
 * 2. Otherwise over a connection of the pool. If that takes long, also beside the pool: an answer there says that the
 *    server is well. If the pool does not answer soon after it, its connection has died: it leaves the pool.
 * 3. If an earlier check still waits for the pool: beside the pool alone.
 */
export const askPgPool = async (
  pool: ForeignClient,
  sql: string,
  signal: AbortSignal,
): Promise<HealthFinding> => {
  if (!has(pool, 'Client')) return askOver(pool, sql, signal);
  if (isExhausted(pool)) {
    return askBeside(pool, sql, signal, 'all connections of the pool are in use');
  }
  if (waitingIn.has(pool)) return askBeside(pool, sql, signal, SILENT);
  const over = new AbortController();
  const asked = askOver(pool, sql, AbortSignal.any([signal, over.signal]));
  const untilOver = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: over.signal, ref: false });
  const beside = async (): Promise<HealthFinding> => {
    await untilOver(SUSPICIOUS_MS);
    const finding = await askBeside(pool, sql, signal, SILENT);
    await orAbort(untilOver(LAST_CHANCE_MS), signal).catch(() => {});
    return finding;
  };
  try {
    // What the pool says counts, unless the server answers beside it alone.
    return await Promise.race([asked, beside().catch(() => asked)]);
  } finally {
    over.abort();
  }
};
