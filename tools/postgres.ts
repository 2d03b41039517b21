// Provides a real PostgreSQL for specs and the demo.
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { accountForPostgres } from './postgres/account.ts';
import { findBinaries } from './postgres/binaries.ts';
import { createDataDirectory, temporaryDirectory } from './postgres/data-directory.ts';
import { Keeper } from './postgres/keeper.ts';

export interface PostgresOptions {
  /** Databases to create unless they exist. Default: only `postgres`. */
  readonly databases?: readonly string[];
}

/** A PostgreSQL server to work with. */
export interface Postgres {
  readonly port: number;
  /** Returns a connection string. Default database: `postgres`, or that of DATABASE_URL. */
  url(database?: string): string;
  /** Ends the server and deletes its data, if it is ours. Safe to call twice. */
  close(): Promise<void>;
}

/** A PostgreSQL server that we started. */
export interface OwnPostgres extends Postgres {
  readonly dataDir: string;
  /** Disconnects clients and ends the server. Port and data stay ours. Safe to call twice. */
  stop(): Promise<void>;
  /** Starts the server on the same port and data. Safe to call while it runs. */
  start(): Promise<void>;
  restart(): Promise<void>;
}

/** Uses the server of DATABASE_URL, or starts one. */
export const providePostgres = (options: PostgresOptions = {}): Promise<Postgres> => {
  const url = process.env['DATABASE_URL'] ?? '';
  return url === '' ? startPostgres(options) : useExistingPostgres(url, options);
};

/**
 * Starts a server on a free port with a new data directory. Ctrl-C does not reach it. It ends with this process
 * at the latest, and its data is deleted then.
 */
export const startPostgres = async (options: PostgresOptions = {}): Promise<OwnPostgres> => {
  if (process.platform === 'win32') {
    throw new Error(
      'Starting PostgreSQL is not supported on Windows: set DATABASE_URL to a running one.',
    );
  }
  const account = accountForPostgres();
  const temporary = temporaryDirectory(account);
  const binaries = findBinaries(account, temporary);
  const dataDir = createDataDirectory(binaries, account, temporary);
  const keeper = new Keeper({ program: binaries.postgres, account, dataDir });
  let state: 'running' | 'stopped' | 'closed' = 'stopped';
  let port = 0;
  const url = (database = 'postgres'): string =>
    `postgres://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`;

  const stop = async (): Promise<void> => {
    if (state !== 'running') return;
    state = 'stopped';
    await keeper.stop();
  };
  const start = async (): Promise<void> => {
    if (state === 'closed') throw new Error('this PostgreSQL is closed, and its data is gone');
    if (state === 'running') return;
    await keeper.start(port);
    state = 'running';
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    state = 'closed';
    return (closing ??= keeper.close());
  };
  const restart = async (): Promise<void> => {
    await stop();
    await start();
  };
  try {
    port = await startOnFreePort(keeper);
    state = 'running';
    await createDatabases(url(), options.databases);
  } catch (error) {
    await close();
    throw error;
  }
  return { port, dataDir, url, stop, start, restart, close };
};

/** Uses a server that is not ours: it is never stopped, and only missing databases are added. */
export const useExistingPostgres = async (
  existing: string,
  options: PostgresOptions = {},
): Promise<Postgres> => {
  const url = (database?: string): string => {
    const one = new URL(existing);
    if (database !== undefined) one.pathname = encodeURIComponent(database);
    return one.href;
  };
  await createDatabases(existing, options.databases);
  return { port: Number(new URL(existing).port || 5432), url, close: () => Promise.resolve() };
};

const createDatabases = async (url: string, names: readonly string[] = []): Promise<void> => {
  if (names.length === 0) return;
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const name of names) {
      const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
      if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
};

const ATTEMPTS = 5;

/** Tries again if another process takes the port between our check and the server's start. */
const startOnFreePort = async (keeper: Keeper): Promise<number> => {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      await keeper.start(port);
      return port;
    } catch (error) {
      const taken = String(error).includes('could not bind');
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
