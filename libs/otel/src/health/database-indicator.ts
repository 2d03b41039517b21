import type { Pingable } from '../options/otel.options.js';
import { awaitAnswer, refusalIn } from './database-answer.js';
import { shapeOf, statementFor } from './database-shapes.js';
import { methodNames } from './foreign-client.js';
import type { ForeignClient } from './foreign-client.js';
import { HealthError } from '../options/health-error.js';
import type { HealthFinding, HealthIndicator } from '../options/health-indicator.js';

/** Options of `databaseIndicator`. */
export interface DatabaseIndicatorOptions {
  /**
   * The query for clients that take SQL. Default: `SELECT 1`, from `DUAL` or `DUMMY` if TypeORM or Knex name Oracle or
   * SAP HANA. Other clients ignore it.
   */
  sql?: string;
  /** Whether the app needs it to serve. If not, it is `degraded` at worst. Default: true. */
  required?: boolean;
}

const UP: HealthFinding = { state: 'up' };
const MOST_NAMES = 12;

const classOf = (client: ForeignClient): string => {
  if (typeof client === 'function') return 'a function';
  const name = (Object.getPrototypeOf(client) as { constructor?: { name?: string } } | null)
    ?.constructor?.name;
  return name === undefined || name === '' || name === 'Object' ? 'an object' : `a ${name}`;
};

/** Describes the value that was found instead of a known database client. */
const described = (client: ForeignClient): string => {
  const names = methodNames(client, MOST_NAMES);
  const methods = names.length > 0 ? `the methods ${names.join(', ')}` : 'no methods';
  return `${classOf(client)} with ${methods}`;
};

/**
 * Asks a database for a sign of life, through the app's own client and pool. An exhausted pool of pg whose server answers
 * beside it is `degraded`; any other exhausted pool is `down`. The client stays yours; nothing here closes it.
 *
 * @throws HealthError `NESTLENS_HEALTH_DATABASE` when the client is of no known shape (`docs/health.md` lists them).
 */
export const databaseIndicator = (
  name: string,
  pingable: Pingable,
  options: DatabaseIndicatorOptions = {},
): HealthIndicator<HealthFinding> => {
  const client = pingable as ForeignClient;
  const shape = shapeOf(client);
  if (!shape) {
    throw new HealthError(
      'NESTLENS_HEALTH_DATABASE',
      `${name}: no check is known for ${described(client)}. Give an indicator instead: ` +
        `health.indicators: [{ name: '${name}', check: async () => ({ state: 'up' }) }], or ` +
        'HealthRegistry.register() where it needs an injected client.',
    );
  }
  const { required = true, sql = statementFor(client) } = options;
  return {
    name,
    worst: required ? 'down' : 'degraded',
    async check(signal) {
      const answer = await awaitAnswer(shape.ask(client, sql, signal));
      if (shape.judges) return answer as HealthFinding;
      const message = refusalIn(answer);
      return message === undefined ? UP : { state: 'down', detail: { message } };
    },
  };
};
