import type { Clock } from '../send/sender.js';
import type { Counts } from './counts.js';
import type { Disk } from './disk.js';
import type { OnSpoolEvent } from './events.js';
import type { SpoolOptions } from './options.js';

/** What all parts of one spool work with. */
export interface Surroundings {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly options: Required<Pick<SpoolOptions, 'maxBytes' | 'maxAgeMs' | 'segmentBytes'>> & {
    readonly fsyncIntervalMs: number | 'always';
  };
  readonly counts: Counts;
  readonly emit: OnSpoolEvent;
  /** Unix time in ms as of the opening, moved on by the monotonic clock: no jump of the wall clock shows. */
  readonly unixMs: () => number;
  /** Unix time in ms as the wall clock has it now: what other processes compare theirs with. */
  readonly stampMs: () => number;
}
