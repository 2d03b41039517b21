import { DatabaseSync } from 'node:sqlite';
import { EventEmitter } from 'node:events';
import type { HealthFinding } from '../options/health-indicator.js';
import { HealthError } from '../options/health-error.js';
import { databaseIndicator } from './database-indicator.js';
import { shapeOf } from './database-shapes.js';

const { signal } = new AbortController();

const ask = async (client: object): Promise<HealthFinding> =>
  databaseIndicator('db', client).check(signal);

/** A client that records the calls of its methods in `asked`, and answers or fails like a server. */
const clientOf = (asked: unknown[], fail: boolean, methods: readonly string[], more: object = {}) =>
  Object.assign(
    Object.fromEntries(
      methods.map((method) => [
        method,
        (...args: unknown[]) => {
          asked.push([method, ...args]);
          return fail ? Promise.reject(new Error('server gone')) : Promise.resolve('answer');
        },
      ]),
    ),
    more,
  );

type Make = (asked: unknown[], fail: boolean) => object;

const mongoDb: Make = (asked, fail) => clientOf(asked, fail, ['command', 'admin']);
const PING = ['command', { ping: 1 }];

const CLIENTS: readonly (readonly [shape: string, asked: unknown, Make])[] = [
  [
    'Prisma',
    ['$queryRawUnsafe', 'SELECT 1'],
    (a, f) => clientOf(a, f, ['$queryRawUnsafe', '$runCommandRaw'], { _activeProvider: 'mysql' }),
  ],
  [
    'Prisma on MongoDB',
    ['$runCommandRaw', { ping: 1 }],
    (a, f) => clientOf(a, f, ['$queryRawUnsafe', '$runCommandRaw'], { _activeProvider: 'mongodb' }),
  ],
  [
    'TypeORM on MongoDB',
    PING,
    (a, f) =>
      clientOf([], true, ['query'], {
        options: { type: 'mongodb' },
        driver: { queryRunner: { databaseConnection: { db: () => mongoDb(a, f) } } },
      }),
  ],
  [
    'mongoose',
    PING,
    (a, f) => ({ createConnection() {}, connection: { readyState: 1, db: mongoDb(a, f) } }),
  ],
  ['a Mongoose connection', PING, (a, f) => ({ readyState: 1, db: mongoDb(a, f) })],
  ['a Mongoose model or a Collection', PING, (a, f) => ({ db: mongoDb(a, f), find() {} })],
  ['MongoClient', PING, (a, f) => ({ db: () => mongoDb(a, f), connect() {} })],
  ['a Db of MongoDB', PING, mongoDb],
  ['Sequelize', ['authenticate'], (a, f) => clientOf(a, f, ['query', 'authenticate'])],
  ['MikroORM', ['checkConnection'], (a, f) => clientOf(a, f, ['isConnected', 'checkConnection'])],
  [
    'an EntityManager of MikroORM',
    ['checkConnection'],
    (a, f) => ({
      getConnection: () => clientOf(a, f, ['checkConnection']),
      persist() {},
      flush() {},
    }),
  ],
  [
    'Knex',
    ['raw', 'SELECT 1'],
    (a, f) => Object.assign(() => {}, clientOf(a, f, ['raw', 'select'])),
  ],
  [
    'Kysely',
    ['executeQuery', expect.objectContaining({ sql: 'SELECT 1', parameters: [] })],
    (a, f) => clientOf(a, f, ['executeQuery', 'getExecutor']),
  ],
  [
    'the driver of Neo4j',
    ['verifyConnectivity'],
    (a, f) => clientOf(a, f, ['executeQuery', 'verifyConnectivity']),
  ],
  [
    'cassandra-driver',
    ['execute', 'SELECT key FROM system.local'],
    (a, f) => clientOf(a, f, ['execute', 'eachRow', 'batch']),
  ],
  [
    'ArangoDB',
    ['version'],
    (a, f) => clientOf(a, f, ['version', 'query'], { isArangoDatabase: true }),
  ],
  [
    'postgres.js',
    ['unsafe', 'SELECT 1'],
    (a, f) => Object.assign(() => {}, clientOf(a, f, ['unsafe', 'begin'])),
  ],
  [
    'Drizzle',
    ['execute', 'SELECT 1'],
    (a, f) => clientOf(a, f, ['select', 'transaction', 'execute'], { session: {} }),
  ],
  [
    'mysql2 with callbacks',
    ['query', 'SELECT 1'],
    (a, f) => ({ query() {}, promise: () => clientOf(a, f, ['query']) }),
  ],
  ['ClickHouse or SurrealDB', ['ping'], (a, f) => clientOf(a, f, ['ping', 'query', 'insert'])],
  ['a query() that takes SQL', ['query', 'SELECT 1'], (a, f) => clientOf(a, f, ['query'])],
  ['a ping()', ['ping'], (a, f) => clientOf(a, f, ['ping', 'get', 'command'])],
  [
    'an execute() that takes SQL',
    ['execute', 'SELECT 1'],
    (a, f) => clientOf(a, f, ['execute', 'batch']),
  ],
  ['MikroORM before 6', ['isConnected'], (a, f) => clientOf(a, f, ['isConnected'])],
  [
    'Keyv',
    ['ping'],
    (a, f) => ({ get() {}, set() {}, store: { client: clientOf(a, f, ['ping']) } }),
  ],
  [
    'cache-manager',
    ['ping'],
    (a, f) => ({
      stores: [
        { store: new Map() },
        { store: { getClient: () => Promise.resolve(clientOf(a, f, ['ping'])) } },
      ],
    }),
  ],
];

describe('the check of a database without a query()', () => {
  it.each(CLIENTS)('calls the check of %s: %j', async (shape, expected, make) => {
    const asked: unknown[] = [];
    expect(shapeOf(make([], false) as never)?.name).toBe(shape);
    expect(await ask(make(asked, false))).toEqual({ state: 'up' });
    expect(asked).toEqual([expected]);
  });

  it.each(CLIENTS)('reports %s as down if its server is down', async (_shape, _expected, make) => {
    await expect(ask(make([], true))).rejects.toThrow('server gone');
  });

  it('tries both checks of a Prisma client that hides its provider', async () => {
    const client = {
      $queryRawUnsafe: () => Promise.reject(new Error('not on MongoDB')),
      $runCommandRaw: () => Promise.resolve({ ok: 1 }),
    };
    expect(await ask(client)).toEqual({ state: 'up' });
  });

  it('waits for the callback of node-redis 3', async () => {
    const client = (error: Error | null) => ({
      send_command() {},
      ping: (told: (error: Error | null) => void) => {
        told(error);
        return true;
      },
    });
    expect(await ask(client(null))).toEqual({ state: 'up' });
    await expect(ask(client(new Error('closed')))).rejects.toThrow('closed');
  });

  it('waits for the events of mysql', async () => {
    const query = new EventEmitter();
    const up = ask({ query: () => query });
    query.emit('end');
    expect(await up).toEqual({ state: 'up' });
    const down = ask({ query: () => query });
    query.emit('error', new Error('refused'));
    await expect(down).rejects.toThrow('refused');
  });

  it('returns the connection to an oracledb pool, even if the ping failed', async () => {
    let closed = 0;
    const pool = (fails: boolean) => ({
      connectionsInUse: 0,
      getConnection: async () => ({
        ping: async () => {
          if (fails) throw new Error('ORA-03113');
        },
        close: async () => void (closed += 1),
      }),
    });
    expect(await ask(pool(false))).toEqual({ state: 'up' });
    await expect(ask(pool(true))).rejects.toThrow('ORA-03113');
    expect(closed).toBe(2);
  });

  it('runs a statement in SQLite', async () => {
    const database = new DatabaseSync(':memory:');
    expect(await ask(database)).toEqual({ state: 'up' });
    database.close();
    await expect(ask(database)).rejects.toThrow('database is not open');
  });

  it.each<[unknown, string]>([
    [false, 'it answered false'],
    [{ ok: false, reason: 'no route' }, 'no route'],
    [{ ok: 0, errmsg: 'not primary' }, 'not primary'],
    [{ success: false, error: new Error('401') }, '401'],
    [{ body: false }, 'it answered body: false'],
  ])('reports the answer %p as down', async (answer, message) => {
    expect(await ask({ ping: async () => answer })).toEqual({ state: 'down', detail: { message } });
  });

  it('does not trust the state of a Mongoose connection without a database', async () => {
    const down = { readyState: 1, getClient() {}, db: undefined };
    await expect(ask(down)).rejects.toThrow('not connected');
  });

  it.each([
    ['oracle', 'SELECT 1 FROM DUAL'],
    ['sap', 'SELECT 1 FROM DUMMY'],
    ['postgres', 'SELECT 1'],
  ])('sends %s its own statement: %s', async (type, expected) => {
    const asked: unknown[] = [];
    await ask(clientOf(asked, false, ['query'], { options: { type } }));
    expect(asked).toEqual([['query', expected]]);
  });

  it('refuses a client that it does not know, and names its class and methods', () => {
    class S3Client {
      send(): void {}
      destroy(): void {}
    }
    for (const client of [new S3Client(), { host: 'db' }, { query() {}, oneFirst() {} }]) {
      expect(() => databaseIndicator('files', client)).toThrow(HealthError);
    }
    expect(() => databaseIndicator('files', new S3Client())).toThrow(
      /^files: no check is known for a S3Client with the methods send, destroy\. Give an indicator/,
    );
  });
});
