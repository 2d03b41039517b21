import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';

/**
 * Returns the first temporary directory that the account may write to, because TMPDIR may lie below a private
 * one.
 */
export const temporaryDirectory = (account: Account | undefined): string => {
  const candidates = [tmpdir(), '/tmp', '/var/tmp'];
  const found = candidates.find(
    (path) =>
      spawnSync('/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', path], {
        ...account,
        cwd: '/',
      }).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(`PostgreSQL can write in none of ${candidates.join(', ')}: set TMPDIR`);
};

/** Makes a new directory that belongs to the account, with an empty cluster in it. */
export const createDataDirectory = (
  { initdb }: Binaries,
  account: Account | undefined,
  temporary: string,
): string => {
  const directory = mkdtempSync(join(temporary, 'nestlens-pg-'));
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  const { status, stderr, error } = spawnSync(
    initdb,
    [
      `--pgdata=${directory}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...account, cwd: directory, encoding: 'utf8' },
  );
  if (status === 0) return directory;
  rmSync(directory, { recursive: true, force: true });
  throw new Error(`initdb failed: ${error?.message ?? stderr}`);
};
