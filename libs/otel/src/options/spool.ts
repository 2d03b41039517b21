import { statfsSync, statSync } from 'node:fs';
import type { Stats, StatsFs } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Fault } from './faults.js';
import type { SpoolConfig } from './otel.config.js';
import { OTLP_OPTIONS } from './otlp-table.js';
import { shown } from './shown.js';

const DEFAULT_MAX_BYTES = OTLP_OPTIONS.keys.spool.keys.maxBytes.default;

/** `statfs` types of file systems on other machines. Source: linux/magic.h. */
const NETWORK = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'CephFS'],
  [0x0bd00bd0, 'Lustre'],
]);

export interface SpoolResult {
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

/** The facts about a file system that are reported. */
export type FileSystemOf = (path: string) => Pick<StatsFs, 'type' | 'bsize' | 'blocks' | 'bavail'>;

/**
 * Looks at the place of a spool before anything is written there. The spool itself reports a place that this process
 * may not write to, since it may become writable. Telemetry stays in memory until then.
 */
export const checkSpool = (
  name: string,
  { directory, maxBytes = DEFAULT_MAX_BYTES }: SpoolConfig,
  fileSystemOf: FileSystemOf = statfsSync,
): SpoolResult => {
  const [path, stats] = nearest(resolve(directory));
  if (stats === undefined) return { faults: [], warnings: [] };
  if (!stats.isDirectory()) {
    const remedy =
      path === resolve(directory)
        ? 'this is a file; name a directory, or one to be made'
        : `${shown(name, path)} on the way to it is a file; name a directory, or one to be made`;
    return { faults: [{ path: name, found: shown(name, directory), remedy }], warnings: [] };
  }
  const warnings: string[] = [];
  const { type, bsize, blocks, bavail } = fileSystemOf(path);
  const kind = NETWORK.get(type);
  if (kind !== undefined) {
    warnings.push(
      `${name}: ${directory} lies on ${kind}, where locks and syncs may not hold; a local disk is better.`,
    );
  }
  const free = bsize * bavail;
  // One that stores nothing has no blocks.
  if (blocks > 0 && maxBytes > free) {
    warnings.push(
      `${name}: spool.maxBytes is ${maxBytes}, but ${directory} has ${free} bytes free; what does not fit stays in memory.`,
    );
  }
  return { faults: [], warnings };
};

/** The directory, or as much of the way to it as there is. */
const nearest = (path: string): readonly [string, Stats | undefined] => {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined || path === dirname(path)) return [path, stats];
  } catch (error) {
    // A path below a file does not exist; without permission the path stays unknown.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') return [path, undefined];
  }
  return nearest(dirname(path));
};
