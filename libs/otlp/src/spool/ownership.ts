import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, writeAll, type Disk } from './disk.js';

/*
 * The directory of a spool has a sub-directory for each process:
 *
 *   <unix ms, 15 digits>-<pid>-<8 hex digits>/      a name is never used again; names sort by time
 *     lock/<number>.lock                            the owner, as JSON
 *     lock/<number>.free                            nobody owns it any more
 *     cursor, *.open, *.seg
 *
 * The lock file with the highest number says who owns the sub-directory. Whoever takes it over links the next number,
 * which the file system lets one process do, and removes lower numbers afterwards. Numbers never go back, so nobody can
 * act on a state of long ago.
 */
const NAME = /^\d{15}-\d+-[0-9a-f]{8}$/;

export function newDirectoryName(unixMs: number): string {
  const time = String(Math.max(0, Math.floor(unixMs))).padStart(15, '0');
  return `${time}-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** Sub-directories of processes in the directory of a spool, oldest first. */
export async function listDirectories(disk: Disk, root: string): Promise<string[]> {
  const names: string[] = [];
  for (const { name, kind } of await disk.list(root)) {
    if (kind === 'directory' && NAME.test(name)) names.push(name);
  }
  return names.toSorted().map((name) => join(root, name));
}

/** Who owns a directory. */
export interface Owner {
  readonly pid: number;
  /** When that process started, in ticks since boot: a number that is used again has another start. Linux only. */
  readonly start: string;
  /** The identifier of this boot of the machine. Linux only. */
  readonly boot: string;
  /** The namespace in which `pid` has a meaning: containers share disks, not numbers. Linux only. */
  readonly space: string;
  readonly host: string;
  /** Tells one spool of the process from another. */
  readonly token: string;
}

/**
 * `unknown`: the owner may live where we cannot see it (another container or host, or another thread of this process).
 * It shows that it lives by touching its lock.
 */
type Liveness = 'alive' | 'dead' | 'unknown';

export function newToken(): string {
  return randomUUID().slice(0, 8);
}

export function thisOwner(token = newToken()): Owner {
  thisProcess ??= {
    pid: process.pid,
    start: startOf('self'),
    boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: textOf(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  };
  return { ...thisProcess, token };
}

/** These facts are read once: none of them changes while the process lives. */
let thisProcess: Omit<Owner, 'token'> | undefined;

/** `us` is the owner that asks. */
export function livenessOf(owner: Owner, us: Owner): Liveness {
  if (owner.boot !== us.boot) return owner.host === us.host ? 'dead' : 'unknown';
  if (owner.space !== us.space || (us.boot === '' && owner.host !== us.host)) return 'unknown';
  if (owner.pid === us.pid) return owner.start === us.start ? 'unknown' : 'dead';
  if (us.start !== '') return startOf(owner.pid) === owner.start ? 'alive' : 'dead';
  return answers(owner.pid) ? 'alive' : 'dead';
}

/** Returns undefined for text that names no owner. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const { pid, start, boot, space, host, token } = owner ?? {};
    const isOwner = typeof pid === 'number' && [start, boot, space, host, token].every(isText);
    return isOwner ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Returns an empty text if there is no such process, or if it has ended and its parent has not collected it. */
function startOf(pid: number | 'self'): string {
  return textOf(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program comes before, and may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  });
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** The result of an attempt to own a directory. */
export type Claim =
  | { readonly kind: 'ours'; readonly lock: Lock }
  | { readonly kind: 'taken' }
  /**
   * Another process owns the directory as long as `mark` keeps changing. `token` is empty if the lock names no owner.
   */
  | { readonly kind: 'watch'; readonly mark: string; readonly token: string };

export interface Lock {
  /** The path of the lock files. They have a directory of their own because there may be very many segments. */
  readonly directory: string;
  readonly number: number;
}

/** The path of the lock files in a process' directory. Both directories are made together. */
export function lockDirectory(directory: string): string {
  return join(directory, 'lock');
}

/**
 * Tries to own a directory, named by the path of its lock files. `staleMark` is the mark of an earlier `watch` answer
 * that has not changed for long enough. Throws the errors of the disk.
 */
export async function claim(
  disk: Disk,
  directory: string,
  us: Owner,
  staleMark?: string,
): Promise<Claim> {
  const locks = await locksIn(disk, directory);
  const last = locks.at(-1);
  if (last !== undefined && !last.free) {
    const path = join(directory, last.name);
    const owner = parseOwner(await readText(disk, path));
    const liveness = owner === undefined ? 'unknown' : livenessOf(owner, us);
    if (liveness === 'alive') return { kind: 'taken' };
    if (liveness === 'unknown') {
      const token = owner?.token ?? '';
      const mark = `${last.name} ${token} ${(await disk.stat(path)).modifiedMs}`;
      if (mark !== staleMark) return { kind: 'watch', mark, token };
    }
  }
  const number = (last?.number ?? 0) + 1;
  if (!(await place(disk, directory, lockName(number), us))) return { kind: 'taken' };
  const lock = { directory, number };
  if ((await locksIn(disk, directory)).at(-1)?.number !== number) {
    await disk.remove(lockPath(lock)).catch(() => undefined);
    return { kind: 'taken' };
  }
  for (const old of locks) await disk.remove(join(directory, old.name)).catch(() => undefined);
  return { kind: 'ours', lock };
}

/** After this many refusals of a new directory, other processes that look for abandoned ones are not the reason. */
const MAX_TRIES = 16;

/**
 * Whoever looks for abandoned directories may take or remove a new one before its maker has the lock: ENOENT, EEXIST. The
 * maker tries again, under another name.
 */
export function isContended(error: unknown, tries: number): boolean {
  return tries < MAX_TRIES && ['ENOENT', 'EEXIST'].includes(codeOf(error));
}

/** Makes a sub-directory of this process below `root`. Throws the errors of the disk. */
export async function makeDirectory(
  disk: Disk,
  root: string,
  us: Owner,
  unixMs: () => number,
): Promise<Lock> {
  for (let tries = 1; ; tries += 1) {
    const locks = lockDirectory(join(root, newDirectoryName(unixMs())));
    try {
      await disk.makeDirectory(locks);
      const claimed = await claim(disk, locks, us);
      if (claimed.kind === 'ours') return claimed.lock;
    } catch (error) {
      if (!isContended(error, tries)) throw error;
    }
  }
}

/** Lets others own the directory. */
export async function release(disk: Disk, lock: Lock): Promise<void> {
  await disk.rename(lockPath(lock), freePath(lock));
}

export function lockPath(lock: Lock): string {
  return join(lock.directory, lockName(lock.number));
}
export function freePath(lock: Lock): string {
  return join(lock.directory, `${lock.number}.free`);
}

/** Removes the lock files and their directory. Our own file goes last, so that nobody claims it before. */
export async function abolish(disk: Disk, lock: Lock): Promise<void> {
  const ours = lockName(lock.number);
  for (const { name } of await disk.list(lock.directory)) {
    if (name !== ours) await disk.remove(join(lock.directory, name));
  }
  await disk.remove(lockPath(lock));
  await disk.removeDirectory(lock.directory);
}

function lockName(number: number): string {
  return `${number}.lock`;
}

interface LockFile {
  readonly name: string;
  readonly number: number;
  readonly free: boolean;
}

async function locksIn(disk: Disk, directory: string): Promise<LockFile[]> {
  const files: LockFile[] = [];
  for (const { name, kind } of await disk.list(directory)) {
    const match = kind === 'file' ? /^(\d{1,15})\.(lock|free)$/.exec(name) : null;
    if (match !== null) files.push({ name, number: Number(match[1]), free: match[2] === 'free' });
  }
  return files.toSorted((a, b) => a.number - b.number || Number(a.free) - Number(b.free));
}

/** Returns true if this process has the lock now. The lock file appears with its whole text, or not at all. */
async function place(disk: Disk, directory: string, name: string, us: Owner): Promise<boolean> {
  const draft = join(directory, `lock.${us.token}`);
  const path = join(directory, name);
  try {
    await writeText(disk, draft, JSON.stringify(us));
    try {
      await disk.link(draft, path);
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
      // This file system has no links (FAT, some network shares).
      await writeText(disk, path, JSON.stringify(us));
    }
    return true;
  } catch (error) {
    // ENOENT: the directory was drained and removed meanwhile.
    if (['EEXIST', 'ENOENT'].includes(codeOf(error))) return false;
    throw error;
  } finally {
    await disk.remove(draft).catch(() => undefined);
  }
}

async function writeText(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, 'create');
  try {
    await writeAll(disk, file, [Buffer.from(text)], 0);
  } finally {
    await disk.close(file);
  }
}

async function readText(disk: Disk, path: string): Promise<string> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(1024);
    return bytes.toString('utf8', 0, await disk.read(file, bytes, 0));
  } finally {
    await disk.close(file);
  }
}
