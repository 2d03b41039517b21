/**
 * What the spool asks of a file system, so that specs can fail or stop it at every step. All of it throws Node's
 * errors (with `code`). Paths are never followed through a symlink in their last part. Files are made 0600.
 */
export interface Disk {
  /** Makes missing parents too, all 0700; an existing directory is fine. */
  makeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly DiskEntry[]>;
  stat(path: string): Promise<DiskStat>;
  open(path: string, how: OpenFor): Promise<number>;
  /** Answers how many bytes were written, which may be fewer than there are. */
  write(file: number, chunks: readonly Uint8Array[], position: number): Promise<number>;
  /** Answers how many bytes were read; 0 at the end. */
  read(file: number, into: Uint8Array, position: number): Promise<number>;
  truncate(file: number, bytes: number): Promise<void>;
  sync(file: number): Promise<void>;
  close(file: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Fails with EEXIST where `to` exists. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Sets the time of modification to now. */
  touch(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
}

/** What a process that is about to end asks of it: each call returns when it is done. */
export interface BlockingDisk {
  makeDirectory(path: string): void;
  open(path: string, how: OpenFor): number;
  write(file: number, chunks: readonly Uint8Array[], position: number): number;
  sync(file: number): void;
  close(file: number): void;
  rename(from: string, to: string): void;
  syncDirectory(path: string): void;
}

/** `create` fails with EEXIST where there is one; `update` makes it where there is none. */
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

/** The code of an error of Node's, such as ENOSPC; `EUNKNOWN` for anything else. */
export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : 'EUNKNOWN';
}

/** Writes until all of it is written. */
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
  // A disk that takes nothing and says nothing would keep us here for ever.
  if (written === 0 && rest.length > 0) throw Object.assign(new Error('short write'), SHORT_WRITE);
  return rest;
}

const SHORT_WRITE = { code: 'EIO' };
