import { execFileSync } from 'node:child_process';

/** Account that runs PostgreSQL. Undefined: our own account. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';

/**
 * Returns the account for PostgreSQL, which refuses to run as root. As root it is the system user `postgres`,
 * which is created if missing.
 */
export const accountForPostgres = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const account = find() ?? create();
  if (account !== undefined) return account;
  throw new Error(
    `PostgreSQL does not run as root, and there is no user '${NAME}' and none could be made. ` +
      'Run this as another user, or set DATABASE_URL to a running PostgreSQL.',
  );
};

const find = (): Account | undefined => {
  try {
    return { uid: ask('-u'), gid: ask('-g') };
  } catch {
    return undefined;
  }
};

const ask = (which: '-u' | '-g'): number =>
  Number(
    execFileSync('id', [which, NAME], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );

/** Another process may do the same at this moment, so only the outcome counts. */
const create = (): Account | undefined => {
  attempt('groupadd', ['--system', NAME]);
  attempt('useradd', [
    '--system',
    '--no-create-home',
    '--gid',
    NAME,
    '--shell',
    '/bin/false',
    NAME,
  ]);
  return find();
};

const attempt = (program: string, args: readonly string[]): void => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // The program may not exist, or the user may exist already. The look-up that follows decides.
  }
};
