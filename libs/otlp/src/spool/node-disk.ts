import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, type BlockingDisk, type Disk, type DiskEntry, type OpenFor } from './disk.js';

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

/** The real one, for a process that is about to end. */
export const nodeDiskSync: BlockingDisk = {
  makeDirectory: (path) => makeSync(path, true),
  open: (path, how) => fs.openSync(path, FLAGS[how], FILE_MODE),
  write: (file, chunks, position) => fs.writevSync(file, chunks, position),
  sync: (file) => fs.fdatasyncSync(file),
  close: (file) => fs.closeSync(file),
  rename: (from, to) => fs.renameSync(from, to),
  syncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = fs.openSync(path, fs.constants.O_RDONLY);
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  },
};

/** The real one. */
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
  sync: (file) => dataSync(file),
  close: (file) => close(file),
  rename: (from, to) => fs.promises.rename(from, to),
  link: (from, to) => fs.promises.link(from, to),
  remove: (path) => fs.promises.unlink(path),
  removeDirectory: (path) => fs.promises.rmdir(path),
  async touch(path) {
    const time = new Date();
    await fs.promises.utimes(path, time, time);
  },
  async syncDirectory(path) {
    if (process.platform === 'win32') return;
    const directory = await open(path, fs.constants.O_RDONLY);
    try {
      await fullSync(directory);
    } finally {
      await close(directory);
    }
  },
};

const kindOf = (entry: fs.Dirent | fs.Stats): DiskEntry['kind'] =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other';
