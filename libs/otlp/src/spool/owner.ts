import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a directory. */
export interface Owner {
  readonly pid: number;
  /** When that process started, in ticks since boot: tells a number used again from the first. Linux only. */
  readonly start: string;
  /** Linux only. */
  readonly boot: string;
  /** The namespace in which `pid` has a meaning: containers share disks, not numbers. Linux only. */
  readonly space: string;
  readonly host: string;
  /** One spool of it. */
  readonly token: string;
}

/**
 * `unknown`: lives, if at all, where we cannot see it (another container or host, or another thread of this
 * process), and shows it by touching its lock.
 */
export type Liveness = 'alive' | 'dead' | 'unknown';

export const newToken = (): string => randomUUID().slice(0, 8);

export function thisOwner(token = newToken()): Owner {
  return {
    pid: process.pid,
    start: startOf('self'),
    boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: textOf(() => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
    token,
  };
}

/** `us` is who asks. */
export function livenessOf(owner: Owner, us: Owner): Liveness {
  if (owner.boot !== us.boot) return owner.host === us.host ? 'dead' : 'unknown';
  if (owner.space !== us.space || (us.boot === '' && owner.host !== us.host)) return 'unknown';
  if (owner.pid === us.pid) return owner.start === us.start ? 'unknown' : 'dead';
  if (us.start !== '') return startOf(owner.pid) === owner.start ? 'alive' : 'dead';
  return answers(owner.pid) ? 'alive' : 'dead';
}

/** Undefined for anything that is not an owner. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const { pid, start, boot, space, host, token } = owner ?? {};
    if (typeof pid !== 'number' || ![start, boot, space, host, token].every(isText))
      return undefined;
    return owner as Owner;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** Empty where there is no such process, or it ended and only waits to be collected. */
function startOf(pid: number | 'self'): string {
  return textOf(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may hold spaces and brackets.
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
