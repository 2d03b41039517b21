import { call, callBack, has, isClient, part, read } from './foreign-client.js';
import type { ForeignClient } from './foreign-client.js';
import { askPgPool, isPgPool } from './pg-pool.js';

/** A kind of client, which its methods show, and the question that makes its server answer. */
interface DatabaseShape {
  readonly name: string;
  readonly matches: (client: ForeignClient) => boolean;
  readonly ask: (client: ForeignClient, sql: string, signal: AbortSignal) => unknown;
  /** True if `ask` judges the answer itself, and resolves with a `HealthFinding`. Default: false. */
  readonly judges?: boolean;
}

const disconnected = (): never => {
  throw new Error('not connected');
};

const pingMongo = (db: unknown): unknown =>
  isClient(db) && has(db, 'command') ? call(db, 'command', { ping: 1 }) : disconnected();

const isMongoose = (client: ForeignClient): boolean =>
  typeof read(client, 'readyState') === 'number' &&
  (has(client, 'getClient') || has(part(client, 'db'), 'command'));

/** The DataSource of a DataSource, EntityManager or Repository of TypeORM. */
const dataSourceOf = (client: ForeignClient): ForeignClient => {
  const manager = isClient(read(client, 'manager')) ? part(client, 'manager') : client;
  return isClient(read(manager, 'connection')) ? part(manager, 'connection') : client;
};

const isPrismaOfMongo = (client: ForeignClient): boolean =>
  has(client, '$runCommandRaw') &&
  (!has(client, '$queryRawUnsafe') || read(client, '_activeProvider') === 'mongodb');

/** Kysely's compiled form of a raw statement. */
const compiled = (sql: string): object => ({
  sql,
  parameters: [],
  query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
  queryId: { queryId: 'nestlens' },
});

const pingOfConnection = async (pool: ForeignClient): Promise<void> => {
  const connection = (await call(pool, 'getConnection')) as ForeignClient;
  try {
    await call(connection, 'ping');
  } finally {
    await call(connection, 'close');
  }
};

const storesOf = (cache: ForeignClient): readonly ForeignClient[] => {
  const stores = read(cache, 'stores');
  return Array.isArray(stores) ? stores.filter(isClient) : [];
};

const isAskableKeyv = (keyv: ForeignClient): boolean => {
  const store = part(keyv, 'store');
  return (
    store instanceof Map ||
    has(store, 'getClient') ||
    isClient(read(store, 'client')) ||
    isClient(read(store, 'redis'))
  );
};

/** Keyv hides the errors of its store, so the store's own client is asked. A store in memory has no server. */
const askKeyv = async (keyv: ForeignClient, signal: AbortSignal): Promise<unknown> => {
  const store = part(keyv, 'store');
  if (store instanceof Map) return 'in memory';
  const client = has(store, 'getClient')
    ? await call(store, 'getClient')
    : (read(store, 'client') ?? read(store, 'redis'));
  const shape = isClient(client) ? shapeOf(client) : undefined;
  if (!shape) throw new Error('the client of its store has no check that we know');
  return shape.ask(client as ForeignClient, 'SELECT 1', signal);
};

/** Every Prisma client has both methods. A client that hides its provider is asked with both. */
const askPrisma: DatabaseShape['ask'] = async (client, sql) => {
  try {
    return await call(client, '$queryRawUnsafe', sql);
  } catch (error) {
    const hidden = typeof read(client, '_activeProvider') !== 'string';
    if (!hidden || !has(client, '$runCommandRaw')) throw error;
    return call(client, '$runCommandRaw', { ping: 1 });
  }
};

/**
 * Each question goes to the server; no client's own opinion (`readyState`, `isOpen`) is taken for an answer. The most
 * specific shapes come first, since many clients have a `query`, `execute` or `ping` that is another's.
 */
const SHAPES: readonly DatabaseShape[] = [
  {
    name: 'Prisma on MongoDB',
    matches: isPrismaOfMongo,
    ask: (client) => call(client, '$runCommandRaw', { ping: 1 }),
  },
  {
    name: 'Prisma',
    matches: (client) => has(client, '$queryRawUnsafe'),
    ask: askPrisma,
  },
  {
    // Its `query` throws.
    name: 'TypeORM on MongoDB',
    matches: (client) => part(dataSourceOf(client), 'options')['type'] === 'mongodb',
    ask(client) {
      const mongo = part(dataSourceOf(client), 'driver', 'queryRunner', 'databaseConnection');
      return has(mongo, 'db') ? pingMongo(call(mongo, 'db')) : disconnected();
    },
  },
  {
    name: 'mongoose',
    matches: (client) => has(client, 'createConnection') && isMongoose(part(client, 'connection')),
    ask: (client) => pingMongo(part(client, 'connection')['db']),
  },
  {
    name: 'a Mongoose connection',
    matches: isMongoose,
    ask: (client) => pingMongo(client['db']),
  },
  {
    name: 'a Mongoose model or a Collection',
    matches: (client) => isMongoose(part(client, 'db')) || has(part(client, 'db'), 'command'),
    ask: (client) => {
      const db = part(client, 'db');
      return pingMongo(isMongoose(db) ? db['db'] : db);
    },
  },
  {
    name: 'MongoClient',
    matches: (client) => has(client, 'db'),
    ask: (client) => pingMongo(call(client, 'db')),
  },
  {
    name: 'a Db of MongoDB',
    matches: (client) => has(client, 'command') && !has(client, 'ping'),
    ask: pingMongo,
  },
  {
    name: 'Sequelize',
    matches: (client) => has(client, 'authenticate'),
    ask: (client) => call(client, 'authenticate'),
  },
  {
    name: 'MikroORM',
    matches: (client) => has(client, 'checkConnection'),
    ask: (client) => call(client, 'checkConnection'),
  },
  {
    name: 'an EntityManager of MikroORM',
    matches: (client) => has(client, 'getConnection', 'persist', 'flush'),
    ask(client) {
      const connection = call(client, 'getConnection') as ForeignClient;
      const checks = has(connection, 'checkConnection');
      return call(connection, checks ? 'checkConnection' : 'isConnected');
    },
  },
  {
    name: 'Knex',
    matches: (client) => has(client, 'raw'),
    ask: (client, sql) => call(client, 'raw', sql),
  },
  {
    name: 'Kysely',
    matches: (client) => has(client, 'executeQuery', 'getExecutor'),
    ask: (client, sql) => call(client, 'executeQuery', compiled(sql)),
  },
  {
    name: 'the driver of Neo4j',
    matches: (client) => has(client, 'verifyConnectivity'),
    ask: (client) => call(client, 'verifyConnectivity'),
  },
  {
    name: 'cassandra-driver',
    matches: (client) => has(client, 'execute', 'eachRow'),
    ask: (client) => call(client, 'execute', 'SELECT key FROM system.local'),
  },
  {
    // Its `query` takes AQL.
    name: 'ArangoDB',
    matches: (client) => read(client, 'isArangoDatabase') === true,
    ask: (client) => call(client, 'version'),
  },
  {
    name: 'a pool of oracledb',
    matches: (client) =>
      has(client, 'getConnection') && typeof read(client, 'connectionsInUse') === 'number',
    ask: pingOfConnection,
  },
  {
    name: 'postgres.js',
    matches: (client) => typeof client === 'function' && has(client, 'unsafe'),
    ask: (client, sql) => call(client, 'unsafe', sql),
  },
  {
    name: 'Drizzle',
    matches: (client) => has(client, 'select', 'transaction') && isClient(read(client, 'session')),
    ask: (client, sql) =>
      Promise.resolve(call(client, has(client, 'execute') ? 'execute' : 'run', sql)),
  },
  {
    name: 'mysql2 with callbacks',
    matches: (client) => has(client, 'query', 'promise'),
    ask: (client, sql) => call(call(client, 'promise') as ForeignClient, 'query', sql),
  },
  {
    name: 'ioredis or node-redis 3',
    matches: (client) => has(client, 'ping', 'send_command'),
    ask: (client) => callBack(client, 'ping'),
  },
  {
    // Their `query` takes an object, or another language.
    name: 'ClickHouse or SurrealDB',
    matches: (client) => has(client, 'ping', 'query', 'insert'),
    ask: (client) => call(client, 'ping'),
  },
  {
    name: 'a pool of pg',
    matches: isPgPool,
    ask: askPgPool,
    judges: true,
  },
  {
    // A client of pg, TypeORM, mssql, mariadb, pg-promise. Not slonik, which takes no text.
    name: 'a query() that takes SQL',
    matches: (client) => has(client, 'query') && !has(client, 'oneFirst'),
    ask: (client, sql) => call(client, 'query', sql),
  },
  {
    // node-redis, Elasticsearch, OpenSearch, and one of your own.
    name: 'a ping()',
    matches: (client) => has(client, 'ping'),
    ask: (client) => Promise.resolve(call(client, 'ping')),
  },
  {
    name: 'SQLite in this process',
    matches: (client) => has(client, 'prepare', 'exec'),
    ask: (client, sql) =>
      Promise.resolve(call(call(client, 'prepare', sql) as ForeignClient, 'get')),
  },
  {
    // libSQL and others.
    name: 'an execute() that takes SQL',
    matches: (client) => has(client, 'execute'),
    ask: (client, sql) => call(client, 'execute', sql),
  },
  {
    name: 'MikroORM before 6',
    matches: (client) => has(client, 'isConnected'),
    ask: (client) => call(client, 'isConnected'),
  },
  {
    name: 'cache-manager',
    matches: (client) => storesOf(client).length > 0 && storesOf(client).every(isAskableKeyv),
    ask: (client, _sql, signal) =>
      Promise.all(storesOf(client).map((store) => askKeyv(store, signal))),
  },
  {
    name: 'Keyv',
    matches: (client) => has(client, 'get', 'set') && isAskableKeyv(client),
    ask: (client, _sql, signal) => askKeyv(client, signal),
  },
];

/** The question for this client's server. `undefined` if none is known. */
export const shapeOf = (client: ForeignClient): DatabaseShape | undefined =>
  SHAPES.find(({ matches }) => matches(client));

/** Oracle and SAP HANA have no `SELECT` without a table; TypeORM and Knex know which database theirs is. */
export const statementFor = (client: ForeignClient): string => {
  const type = part(dataSourceOf(client), 'options')['type'] ?? part(client, 'client')['dialect'];
  if (type === 'oracle' || type === 'oracledb') return 'SELECT 1 FROM DUAL';
  return type === 'sap' ? 'SELECT 1 FROM DUMMY' : 'SELECT 1';
};
