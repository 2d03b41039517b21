import { join } from 'node:path';
import { codeOf, writeAll, type Disk } from './disk.js';
import { livenessOf, parseOwner, type Owner } from './owner.js';

/*
 * The owner of a directory is who holds the file in its `lock` with the highest number: `<number>.lock`, or nobody
 * where that one ends in `.free`. Who takes over links the next number, which the file system lets one process do, and
 * removes lower ones after. Numbers never go back, so nobody can act on what they saw long ago.
 */
export type Claim =
  | { readonly kind: 'ours'; readonly lock: Lock }
  | { readonly kind: 'taken' }
  /** Theirs for as long as `mark` keeps changing; `token` is empty where nobody can be read. */
  | { readonly kind: 'watch'; readonly mark: string; readonly token: string };

export interface Lock {
  /** Where the lock files are: apart, since there may be many others beside it. */
  readonly directory: string;
  readonly number: number;
}

/** Where the lock files of a directory are. It is made with that directory. */
export const lockDirectory = (directory: string): string => join(directory, 'lock');

/** `directory`: of the lock files. `staleMark`: what `watch` said, where it has not changed for long enough. Throws what the disk throws. */
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

/** Lets others have it. */
export async function release(disk: Disk, lock: Lock): Promise<void> {
  await disk.rename(lockPath(lock), freePath(lock));
}

export const lockPath = (lock: Lock): string => join(lock.directory, lockName(lock.number));
export const freePath = (lock: Lock): string => join(lock.directory, `${lock.number}.free`);

/** The directory is no more. Our own file goes last, so that nobody comes in before. */
export async function abolish(disk: Disk, lock: Lock): Promise<void> {
  const ours = lockName(lock.number);
  for (const { name } of await disk.list(lock.directory)) {
    if (name !== ours) await disk.remove(join(lock.directory, name));
  }
  await disk.remove(lockPath(lock));
  await disk.removeDirectory(lock.directory);
}

const lockName = (number: number): string => `${number}.lock`;

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

/** Whether it is ours now. The lock appears with all it says, or not at all. */
async function place(disk: Disk, directory: string, name: string, us: Owner): Promise<boolean> {
  const draft = join(directory, `lock.${us.token}`);
  const path = join(directory, name);
  try {
    await writeText(disk, draft, JSON.stringify(us));
    try {
      await disk.link(draft, path);
    } catch (error) {
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
      // No links there (FAT, some network shares).
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
