import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/**
 * The operations of a file system that the spool needs, as a type: specs fail or stop every step. Each method throws
 * Node's errors (with `code`) and follows no symlink in the last part of a path. Files are made 0600.
 */
export interface Disk {
  /** Makes missing parents too, each with 0700. The directory may exist. */
  makeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly DiskEntry[]>;
  stat(path: string): Promise<DiskStat>;
  open(path: string, how: OpenFor): Promise<number>;
  /** Answers how many bytes were written, which may be fewer than there are. */
  write(file: number, chunks: readonly Uint8Array[], position: number): Promise<number>;
  /** Answers how many bytes were read; 0 at the end. */
  read(file: number, into: Uint8Array, position: number): Promise<number>;
  truncate(file: number, bytes: number): Promise<void>;
  fsync(file: number): Promise<void>;
  close(file: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Fails with EEXIST if `to` exists. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Sets the time of modification to now. */
  touch(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  fsyncDirectory(path: string): Promise<void>;
}

/** The operations of a file system for a process that is about to end. Each call blocks until it is done. */
export interface BlockingDisk {
  makeDirectory(path: string): void;
  open(path: string, how: OpenFor): number;
  write(file: number, chunks: readonly Uint8Array[], position: number): number;
  fsync(file: number): void;
  close(file: number): void;
  rename(from: string, to: string): void;
  fsyncDirectory(path: string): void;
}

/** `create` fails with EEXIST if the file exists; `update` makes it if it does not. */
export type OpenFor = 'create' | 'update' | 'read';

export interface DiskEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

export interface DiskStat {
  readonly kind: DiskEntry['kind'];
  readonly bytes: number;
  readonly modifiedMs: number;
  /** The user's number; -1 where the system has none. */
  readonly owner: number;
}

/** The code of an error of Node's, such as ENOSPC; `EUNKNOWN` for any other value. */
export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}

/** Writes until all chunks are written. */
export async function writeAll(
  disk: Disk,
  file: number,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let rest = chunks;
  for (let at = position; rest.length > 0;) {
    const written = await disk.write(file, rest, at);
    rest = unwritten(rest, written);
    at += written;
  }
}

/** `writeAll` for a process that is about to end. */
export function writeAllSync(
  disk: BlockingDisk,
  file: number,
  chunks: readonly Uint8Array[],
  position: number,
): void {
  let rest = chunks;
  for (let at = position; rest.length > 0;) {
    const written = disk.write(file, rest, at);
    rest = unwritten(rest, written);
    at += written;
  }
}

function unwritten(chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const chunk of chunks) {
    if (skip < chunk.byteLength) rest.push(skip > 0 ? chunk.subarray(skip) : chunk);
    skip = Math.max(0, skip - chunk.byteLength);
  }
  // A disk that takes nothing and reports no error would hold this loop for ever.
  if (written === 0 && rest.length > 0) throw Object.assign(new Error('short write'), SHORT_WRITE);
  return rest;
}

const SHORT_WRITE = { code: 'EIO' };

/** Deletes a file; a file that does not exist is no error. Throws the other errors of the disk. */
export async function removeFile(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
// Windows has no such flag, and no such links without a privilege.
const NO_FOLLOW = (fs.constants as Partial<typeof fs.constants>).O_NOFOLLOW ?? 0;
const FLAGS: Readonly<Record<OpenFor, number>> = {
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL | NO_FOLLOW,
  update: fs.constants.O_RDWR | fs.constants.O_CREAT | NO_FOLLOW,
  read: fs.constants.O_RDONLY | NO_FOLLOW,
};

const open = promisify(fs.open);
const writev = promisify(fs.writev);
const read = promisify(fs.read);
const truncate = promisify(fs.ftruncate);
const dataSync = promisify(fs.fdatasync);
const fullSync = promisify(fs.fsync);
const close = promisify(fs.close);

// Node's own recursion says ENOENT on a read-only file system, and never ends where a directory cannot be made although
// its parent is there, as in /proc: here a parent is made once.
function makeSync(path: string, withParent: boolean): void {
  try {
    fs.mkdirSync(path, DIRECTORY_MODE);
  } catch (error) {
    if (withParent && codeOf(error) === 'ENOENT' && dirname(path) !== path) {
      makeSync(dirname(path), true);
      makeSync(path, false);
    } else if (codeOf(error) !== 'EEXIST' || !fs.statSync(path).isDirectory()) throw error;
  }
}

async function make(path: string, withParent: boolean): Promise<void> {
  try {
    await fs.promises.mkdir(path, DIRECTORY_MODE);
  } catch (error) {
    if (withParent && codeOf(error) === 'ENOENT' && dirname(path) !== path) {
      await make(dirname(path), true);
      await make(path, false);
    } else if (codeOf(error) !== 'EEXIST' || !(await fs.promises.stat(path)).isDirectory()) {
      throw error;
    }
  }
}

/** Node's file system, for a process that is about to end. */
export const nodeDiskSync: BlockingDisk = {
  makeDirectory: (path) => makeSync(path, true),
  open: (path, how) => fs.openSync(path, FLAGS[how], FILE_MODE),
  write: (file, chunks, position) => fs.writevSync(file, chunks, position),
  fsync: (file) => fs.fdatasyncSync(file),
  close: (file) => fs.closeSync(file),
  rename: (from, to) => fs.renameSync(from, to),
  fsyncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  },
};

/** Node's file system. */
export const nodeDisk: Disk = {
  makeDirectory: (path) => make(path, true),
  async list(path) {
    const entries = await fs.promises.readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  async stat(path) {
    const stats = await fs.promises.lstat(path);
    const owner = process.platform === 'win32' ? -1 : stats.uid;
    return { kind: kindOf(stats), bytes: stats.size, modifiedMs: stats.mtimeMs, owner };
  },
  open: (path, how) => open(path, FLAGS[how], FILE_MODE),
  async write(file, chunks, position) {
    return (await writev(file, chunks, position)).bytesWritten;
  },
  async read(file, into, position) {
    return (await read(file, into, 0, into.byteLength, position)).bytesRead;
  },
  truncate: (file, bytes) => truncate(file, bytes),
  fsync: (file) => dataSync(file),
  close: (file) => close(file),
  rename: (from, to) => fs.promises.rename(from, to),
  link: (from, to) => fs.promises.link(from, to),
  remove: (path) => fs.promises.unlink(path),
  removeDirectory: (path) => fs.promises.rmdir(path),
  async touch(path) {
    const time = new Date();
    await fs.promises.utimes(path, time, time);
  },
  async fsyncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = await open(path, fs.constants.O_RDONLY);
    try {
      await fullSync(directory);
    } finally {
      await close(directory);
    }
  },
};

function kindOf(entry: fs.Dirent | fs.Stats): DiskEntry['kind'] {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other';
}
