import { databaseIndicator } from './database-indicator.js';
import type { Pingable } from '../options/otel.options.js';

const { signal } = new AbortController();

describe('databaseIndicator', () => {
  it.each<[string, (asked: unknown[]) => unknown, unknown[]]>([
    ['a pg Pool', (asked) => ({ query: async (sql: string) => asked.push(sql) }), ['SELECT 1']],
    [
      'a Prisma client',
      (asked) => ({
        $queryRawUnsafe: async (sql: string) => asked.push(`prisma ${sql}`),
        query: () => asked.push('wrong'),
      }),
      ['prisma SELECT 1'],
    ],
    ['anything with a ping', (asked) => ({ ping: () => asked.push('ping') }), ['ping']],
  ])('asks %s', async (_, make, expected) => {
    const asked: unknown[] = [];
    const indicator = databaseIndicator('db', make(asked) as Pingable);
    await expect(indicator.check(signal)).resolves.toEqual({ state: 'up' });
    expect(asked).toEqual(expected);
  });

  it('calls the client as a method, with the statement from the options', async () => {
    class Oracle {
      asked = '';
      async query(sql: string): Promise<void> {
        this.asked = sql;
      }
    }
    const oracle = new Oracle();
    await databaseIndicator('db', oracle, { sql: 'SELECT 1 FROM DUAL' }).check(signal);
    expect(oracle.asked).toBe('SELECT 1 FROM DUAL');
  });

  it('rejects with the error of the database', async () => {
    const dead = { query: () => Promise.reject(new Error('terminated')) };
    await expect(databaseIndicator('db', dead).check(signal)).rejects.toThrow('terminated');
  });

  it('does not accept a query that takes a callback and returns no promise', async () => {
    const callbacks = { query: () => true };
    await expect(databaseIndicator('db', callbacks).check(signal)).rejects.toThrow('no promise');
  });

  it('reports at worst degraded if the database is not required', () => {
    const database = { ping: () => {} };
    expect(databaseIndicator('db', database).worst).toBe('down');
    expect(databaseIndicator('db', database, { required: false }).worst).toBe('degraded');
  });
});
