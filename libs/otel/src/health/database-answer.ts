import { has, isClient, read } from './foreign-client.js';

const isThenable = (answer: unknown): boolean => isClient(answer) && has(answer, 'then');

/** `mysql` answers a query without a callback by events. */
const ofEvents = (answer: { once(event: string, told: (error: unknown) => void): unknown }) =>
  new Promise<void>((resolve, reject) => {
    answer.once('error', (error) => reject(error));
    answer.once('end', () => resolve());
  });

/**
 * Waits for the result of a client.
 *
 * @throws the error of the server or the client; an Error if the client has asked no server.
 */
export const awaitAnswer = async (returned: unknown): Promise<unknown> => {
  if (isThenable(returned)) return returned;
  if (isClient(returned) && has(returned, 'once', 'on')) {
    return ofEvents(returned as unknown as Parameters<typeof ofEvents>[0]);
  }
  throw new Error('its method returned no promise, so nothing tells whether the server answered');
};

/**
 * Why an answer is none, for clients that resolve with their failure: `false` (Elasticsearch, MikroORM),
 * `{ ok: false, reason }` (MikroORM), `{ ok: 0 }` (MongoDB), `{ success: false, error }` (ClickHouse) and
 * `{ body: false }` (OpenSearch).
 */
export const refusalIn = (answer: unknown): string | undefined => {
  if (answer === false) return 'it answered false';
  if (!isClient(answer)) return undefined;
  const failed = (['ok', 'success', 'body'] as const).find((key) => {
    const value = read(answer, key);
    return value === false || (key === 'ok' && value === 0);
  });
  if (failed === undefined) return undefined;
  const error = read(answer, 'error') ?? read(answer, 'reason') ?? read(answer, 'errmsg');
  const message = isClient(error) ? read(error, 'message') : error;
  return typeof message === 'string' && message !== '' ? message : `it answered ${failed}: false`;
};
