import { systemClock } from '../send/sender.js';
import { codeOf, nodeDisk } from './disk.js';
import { DiskSpool } from './disk-spool.js';
import { SpoolContext, type ResolvedOptions } from './spool-context.js';
import type { Spool, SpoolOptions } from './spool.js';

type Opened =
  | { readonly kind: 'open'; readonly spool: Spool }
  /** `message` names the path and what to do; `code` is the system's, or `ERR_OPTION`. */
  | { readonly kind: 'unusable'; readonly code: string; readonly message: string };

/** Faults that pass by themselves, or by an operator's hand: the spool opens, fails at first and heals. */
const PASSING = new Set(
  'ENOSPC EDQUOT EIO EMFILE ENFILE EBUSY EAGAIN EROFS EACCES EPERM'.split(' '),
);
const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 2 ** 46;

/**
 * Opens a spool in a directory, and takes over what processes that are gone left there. Never rejects. Whoever opens it
 * closes it.
 */
export async function openSpool(options: SpoolOptions): Promise<Opened> {
  const resolved = resolveOptions(options);
  if (typeof resolved === 'string') {
    return { kind: 'unusable', code: 'ERR_OPTION', message: resolved };
  }
  const { clock = systemClock, disk = nodeDisk, wallClock = Date.now, onEvent } = options;
  const context = new SpoolContext({ disk, clock, wallClock, options: resolved, onEvent });
  const spool = new DiskSpool(context, resolved.directory, options.succession);
  try {
    await spool.open();
  } catch (error) {
    const code = codeOf(error);
    if (!PASSING.has(code)) {
      await spool.close();
      return { kind: 'unusable', code, message: explain(code, resolved.directory) };
    }
    spool.failed(code);
  }
  return { kind: 'open', spool };
}

/** The remedy for a path that is refused, as a sentence without its capital; undefined if it helps to wait. */
export function remedyOf(code: string): string | undefined {
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return 'it, or a part of it, is a file. Name a directory, or one to be made.';
  }
  if (code === 'EROFS') {
    return 'it lies on a read-only file system. Mount a writable volume, or name another directory.';
  }
  if (code !== 'EACCES' && code !== 'EPERM') return undefined;
  const user = process.getuid?.();
  const who = user === undefined ? 'this user' : `user ${user}`;
  return `${who} may not write there. Grant it (in Kubernetes: fsGroup), or name another directory.`;
}

function explain(code: string, path: string): string {
  const remedy =
    remedyOf(code) ?? 'name a directory on a local disk that this process may write to.';
  return `spool.directory: ${path} cannot be used (${code}): ${remedy}`;
}

/**
 * Returns the options with defaults filled in, or a sentence that names the wrong option and the value to write
 * instead.
 */
function resolveOptions(options: SpoolOptions): ResolvedOptions | string {
  const { directory, fsyncIntervalMs = 500, maxAgeMs = 24 * 3_600_000 } = options;
  const { maxBytes = 256 * 1024 * 1024, segmentBytes = 16 * 1024 * 1024 } = options;
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    return 'spool.directory: must be a path';
  }
  if (!isWithin(maxBytes, MIN_BYTES, MAX_BYTES)) {
    return `spool.maxBytes: ${maxBytes} must be a whole number of bytes from ${MIN_BYTES} (64 KiB) on`;
  }
  if (!isWithin(segmentBytes, 1024, MAX_BYTES)) {
    return `spool.segmentBytes: ${segmentBytes} must be a whole number of bytes from 1024 on`;
  }
  if (!isWithin(maxAgeMs, 1, Number.MAX_SAFE_INTEGER)) {
    return `spool.maxAgeMs: ${maxAgeMs} must be a whole number of milliseconds from 1 on`;
  }
  if (fsyncIntervalMs !== 'always' && !isWithin(fsyncIntervalMs, 1, 3_600_000)) {
    return `spool.fsyncIntervalMs: ${fsyncIntervalMs} must be 'always' or milliseconds from 1 to 3600000`;
  }
  return {
    directory,
    maxBytes,
    maxAgeMs,
    segmentBytes: Math.min(segmentBytes, Math.floor(maxBytes / 4)),
    fsyncIntervalMs,
  };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
