import type { Pingable } from '../options/otel.options.js';
import type { HealthFinding, HealthIndicator } from './indicator.js';

export interface DatabaseIndicatorOptions {
  /** What is asked of a `query` method. Default: `SELECT 1`. Ignored where there is none. */
  sql?: string;
  /** Whether the app cannot serve without it; if not, it is `degraded` at worst. Default: true. */
  required?: boolean;
}

const UP: HealthFinding = { state: 'up' };

/** Prisma has all of `$queryRawUnsafe`; a pg Pool and a TypeORM DataSource `query`; others a `ping`. */
function ping(target: Pingable, sql: string): unknown {
  const database = target as Partial<Record<'$queryRawUnsafe' | 'query' | 'ping', unknown>>;
  for (const method of ['$queryRawUnsafe', 'query', 'ping'] as const) {
    const call = database[method];
    if (typeof call === 'function') return call.call(target, sql) as unknown;
  }
  throw new Error('nothing to ping: it has no query(), $queryRawUnsafe() or ping()');
}

const isPromise = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'then' in value;

/**
 * Asks a database for a sign of life, through the app's own pool: so an exhausted pool counts as down too.
 * The pool stays yours; nothing here closes it.
 */
export function databaseIndicator(
  name: string,
  pingable: Pingable,
  options: DatabaseIndicatorOptions = {},
): HealthIndicator {
  const { sql = 'SELECT 1', required = true } = options;
  return {
    name,
    worst: required ? 'down' : 'degraded',
    async check() {
      const answer = ping(pingable, sql);
      // A driver with callbacks has asked nothing yet when it returns.
      if (!isPromise(answer) && !('ping' in pingable)) {
        return { state: 'down', detail: { message: 'its query() returns no promise' } };
      }
      await answer;
      return UP;
    },
  };
}
