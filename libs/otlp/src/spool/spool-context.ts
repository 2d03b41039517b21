import type { Clock } from '../send/sender.js';
import { Counts } from './counts.js';
import type { Disk } from './disk.js';
import type { OnSpoolEvent, SpoolEvent, SpoolOptions } from './spool.js';

/** Options with their defaults filled in. */
export type ResolvedOptions = Required<
  Pick<SpoolOptions, 'directory' | 'maxBytes' | 'maxAgeMs' | 'segmentBytes' | 'fsyncIntervalMs'>
>;

interface Parts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly options: ResolvedOptions;
  readonly onEvent: OnSpoolEvent | undefined;
}

/** The facts and tools that all modules of one spool share. Contexts of one spool have the same counts and times. */
export class SpoolContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  readonly counts: Counts;
  readonly #parts: Parts;
  /** The Unix time at which the clock was at 0, computed when the spool was opened. */
  readonly #epochMs: number;

  constructor(parts: Parts, shared?: SpoolContext) {
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.options = parts.options;
    this.counts = shared?.counts ?? new Counts();
    this.#parts = parts;
    const { clock, wallClock } = parts;
    this.#epochMs = shared === undefined ? wallClock() - clock.now() : shared.#epochMs;
  }

  /** A context for the directory of an ended thread, which has already counted the items that are found there. */
  forInherited(): SpoolContext {
    const onEvent: OnSpoolEvent = (event) =>
      this.emit(event.kind === 'adopted' ? { ...event, inherited: true } : event);
    return new SpoolContext({ ...this.#parts, onEvent }, this);
  }

  /** Unix time in ms as of the opening, moved on by the monotonic clock: no jump of the wall clock shows. */
  unixMs(): number {
    return this.#epochMs + this.clock.now();
  }

  /** Unix time in ms as the wall clock has it now: other processes compare theirs with it. */
  stampMs(): number {
    return this.#parts.wallClock();
  }

  emit(event: SpoolEvent): void {
    try {
      this.#parts.onEvent?.(event);
    } catch {
      // A listener's fault is not the disk's.
    }
  }
}
