import { noItems, type Items, type Tally } from './items.js';

/**
 * What happened to everything that was ever in the spool:
 * appended + recovered = acknowledged + evicted + expired + corrupt + held, signal by signal, at any moment.
 */
export interface SpoolStats {
  /** On disk now, in bytes, of this process (its own directory and those it adopted). */
  readonly bytes: number;
  /** Files that hold them. */
  readonly segments: number;
  /** Not yet acknowledged. */
  readonly held: Items;
  /** Age of the oldest of them in ms; 0 when there is none. */
  readonly oldestMs: number;
  /** Taken and not acknowledged. Part of `held`. */
  readonly outstanding: number;
  readonly appended: Items;
  /** Found on disk from earlier processes. */
  readonly recovered: Items;
  readonly acknowledged: Items;
  /** Thrown away, oldest first, to stay within `maxBytes`. */
  readonly evicted: Items;
  /** Older than `maxAgeMs`. */
  readonly expired: Items;
  readonly corrupt: Items & { readonly bytes: number };
}

/** One object that all parts of a spool count in. */
export interface Counts {
  bytes: number;
  outstanding: number;
  readonly held: Tally;
  readonly appended: Tally;
  readonly recovered: Tally;
  readonly acknowledged: Tally;
  readonly evicted: Tally;
  readonly expired: Tally;
  readonly corrupt: Tally;
  corruptBytes: number;
}

export const newCounts = (): Counts => ({
  bytes: 0,
  outstanding: 0,
  held: noItems(),
  appended: noItems(),
  recovered: noItems(),
  acknowledged: noItems(),
  evicted: noItems(),
  expired: noItems(),
  corrupt: noItems(),
  corruptBytes: 0,
});
