import { systemClock } from '../send/sender.js';
import { newCounts } from './counts.js';
import { codeOf } from './disk.js';
import { DiskSpool } from './disk-spool.js';
import { guarded } from './events.js';
import { nodeDisk } from './node-disk.js';
import { resolveOptions, type SpoolOptions } from './options.js';
import { remedyOf } from './remedy.js';
import type { Spool } from './spool.js';
import type { Surroundings } from './surroundings.js';

export type Opened =
  | { readonly kind: 'open'; readonly spool: Spool }
  /** `message` names the path and what to do; `code` is the system's, or `ERR_OPTION`. */
  | { readonly kind: 'unusable'; readonly code: string; readonly message: string };

/** What passes by itself, or by an operator's hand: the spool opens, fails at first and heals. */
const PASSING = new Set(
  'ENOSPC EDQUOT EIO EMFILE ENFILE EBUSY EAGAIN EROFS EACCES EPERM'.split(' '),
);

/**
 * Opens a spool in a directory, and takes over what processes that are gone left there. Never rejects; whoever
 * opens it closes it.
 */
export async function openSpool(options: SpoolOptions): Promise<Opened> {
  const resolved = resolveOptions(options);
  if (typeof resolved === 'string') {
    return { kind: 'unusable', code: 'ERR_OPTION', message: resolved };
  }
  const { clock = systemClock, disk = nodeDisk, wallClock = Date.now } = options;
  const offset = wallClock() - clock.now();
  const around: Surroundings = {
    disk,
    clock,
    options: resolved,
    counts: newCounts(),
    emit: guarded(options.onEvent),
    unixMs: () => offset + clock.now(),
    stampMs: wallClock,
  };
  const spool = new DiskSpool(around, resolved.directory, options.succession);
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

function explain(code: string, path: string): string {
  const remedy =
    remedyOf(code) ?? 'name a directory on a local disk that this process may write to.';
  return `spool.directory: ${path} cannot be used (${code}): ${remedy}`;
}
