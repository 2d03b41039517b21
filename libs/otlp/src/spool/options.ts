import type { Clock } from '../send/sender.js';
import type { Disk } from './disk.js';
import type { OnSpoolEvent } from './events.js';

export interface SpoolOptions {
  /** Made when missing, 0700. Several processes may name the same one: each works in a sub-directory of its own. */
  readonly directory: string;
  /** Of this process. The oldest go when more comes. Default: 256 MiB. At least 64 KiB. */
  readonly maxBytes?: number;
  /** Default: 24 h. */
  readonly maxAgeMs?: number;
  /** Size at which a file is closed and the next begun; a quarter of `maxBytes` at most. Default: 16 MiB. */
  readonly segmentBytes?: number;
  /**
   * How much a power failure may take, in ms: a sync begins after half of it. `always`: nothing that `append` said is
   * durable. Default: 500.
   */
  readonly fsyncIntervalMs?: number | 'always';
  readonly clock?: Clock;
  readonly onEvent?: OnSpoolEvent;
  /** Default: the real one. */
  readonly disk?: Disk;
  /** Unix time in ms; may jump, which no age shows while the spool is open. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** For threads that follow each other in one process. Default: it is the first. */
  readonly succession?: Succession;
}

/** Tokens as of `newToken`. */
export interface Succession {
  /** Names this one. */
  readonly token: string;
  /** Those that have ended: what they left is taken over at once. */
  readonly gone: readonly string[];
}

const MIN_BYTES = 64 * 1024;
const MAX_BYTES = 2 ** 46;

export type ResolvedOptions = Required<
  Pick<SpoolOptions, 'directory' | 'maxBytes' | 'maxAgeMs' | 'segmentBytes' | 'fsyncIntervalMs'>
>;

/** A string says what is wrong and what to write instead. */
export function resolveOptions(options: SpoolOptions): ResolvedOptions | string {
  const { directory, fsyncIntervalMs = 500, maxAgeMs = 24 * 3_600_000 } = options;
  const { maxBytes = 256 * 1024 * 1024, segmentBytes = 16 * 1024 * 1024 } = options;
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    return 'spool.directory: must be a path';
  }
  if (!within(maxBytes, MIN_BYTES, MAX_BYTES)) {
    return `spool.maxBytes: ${maxBytes} must be a whole number of bytes from ${MIN_BYTES} (64 KiB) on`;
  }
  if (!within(segmentBytes, 1024, MAX_BYTES)) {
    return `spool.segmentBytes: ${segmentBytes} must be a whole number of bytes from 1024 on`;
  }
  if (!within(maxAgeMs, 1, Number.MAX_SAFE_INTEGER)) {
    return `spool.maxAgeMs: ${maxAgeMs} must be a whole number of milliseconds from 1 on`;
  }
  if (fsyncIntervalMs !== 'always' && !within(fsyncIntervalMs, 1, 3_600_000)) {
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

const within = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;
