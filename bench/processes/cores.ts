import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which cores a server under load has, and which the load generator and the sink; undefined where nothing is pinned. */
export interface Cores {
  readonly server: string | undefined;
  readonly load: string | undefined;
  /** What was done, for the reader of the figures. */
  readonly how: string;
}

/** The cores of a list as the kernel writes it: `0-1,4`. */
export const coresIn = (list: string): readonly number[] =>
  list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });

const unpinned = (why: string): Cores => ({
  server: undefined,
  load: undefined,
  how: `nothing pinned: ${why}`,
});

/** The server gets the first core that this process may use, the load and the sink all others. */
export function shareCores(allowed: readonly number[]): Cores {
  const [server, ...others] = allowed;
  if (server === undefined || others.length === 0) return unpinned('only one core');
  const load = others.join(',');
  return {
    server: String(server),
    load,
    how: `server on core ${server}, load and sink on ${load} (taskset)`,
  };
}

export function findCores(): Cores {
  if (process.platform !== 'linux') return unpinned(`no taskset on ${process.platform}`);
  if (spawnSync('taskset', ['-p', String(process.pid)]).status !== 0) {
    return unpinned('taskset is not installed');
  }
  const status = readFileSync('/proc/self/status', 'utf8');
  return shareCores(coresIn(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? ''));
}
