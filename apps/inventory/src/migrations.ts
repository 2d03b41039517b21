import { readFile, readdir } from 'node:fs/promises';
import type { Pool } from 'pg';

const FOLDER = new URL('../migrations/', import.meta.url);
/** Any number that all instances of this service share. */
const LOCK = 20_261;

/** Applies the files that this database has not seen, in order of name, one instance at a time. */
export async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await client.query('create table if not exists migrations (name text primary key)');
    const { rows } = await client.query<{ name: string }>('select name from migrations');
    const applied = new Set(rows.map((row) => row.name));
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).toSorted();
    for (const name of files.filter((file) => !applied.has(file))) {
      await client.query(await readFile(new URL(name, FOLDER), 'utf8'));
      await client.query('insert into migrations (name) values ($1)', [name]);
    }
    await client.query('commit');
    client.release();
  } catch (error) {
    // Closing the connection rolls back, also where it is the connection that broke.
    client.release(true);
    throw error;
  }
}
