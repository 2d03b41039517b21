import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { ItemCounts } from '../send/item-counts.js';
import type { DropReason, SpoolStats } from './counts.js';
import type { Disk } from './disk.js';

/** Batches on disk, oldest first. No method throws or rejects. */
export interface Spool {
  /**
   * Keeps a batch. It reads the caller's chunks until it resolves. Resolves to `failed` at once while the disk fails.
   */
  append(batch: Batch): Promise<Appended>;
  /**
   * Leases the oldest record of these signals (default: all) that does not rest. Resolves to undefined if there is none
   * now. The caller acknowledges each record once; several may be leased at a time.
   */
  take(signals?: readonly Signal[]): Promise<SpooledRecord | undefined>;
  /**
   * `retry`: the record is taken again, after a rest of 10 s that doubles up to 5 min, so that a record which no
   * collector takes does not hold up the others. Any other outcome: the spool is done with it. The acknowledgement is on
   * the disk within `fsyncIntervalMs` (500 ms for `always`); after a crash before that, the next process takes it again.
   */
  acknowledge(record: SpooledRecord, outcome: Outcome): void;
  /**
   * The collector of these signals works again: records that failed meanwhile rest no longer. It does so three times
   * for each record, which then rests all the same.
   */
  resetBackoff(signals?: readonly Signal[]): void;
  /** Lets the oldest resting record of these signals be taken now. Returns false if there is none. */
  wakeOne(signals?: readonly Signal[]): boolean;
  /** Resolves to true when all earlier appends and acknowledgements are on the disk. Never rejects. */
  fsync(): Promise<boolean>;
  /** Returns true if the spool has items of the signal that are not acknowledged. Cheap. */
  holds(signal: Signal): boolean;
  stats(): SpoolStats;
  state(): SpoolState;
  /** Safe twice. Records that were taken and not acknowledged stay for the next process. */
  close(): Promise<void>;
}

export interface SpooledRecord {
  /** The batch. Its one chunk belongs to the caller until the acknowledgement. */
  readonly batch: Batch;
  /** Time in ms since it was appended, by this process or another. */
  readonly ageMs: number;
  /** An attempt of this process failed, but the collector may have the record. */
  readonly isDoubtful: boolean;
}

/** The result of `append`. */
export type Appended =
  /** `durable`: it outlasts a power failure. It outlasts a crash of the process in any case. */
  | { readonly kind: 'spooled'; readonly durable: boolean }
  /** It does not fit, whatever is evicted. */
  | { readonly kind: 'full' }
  /** The disk fails; `code` is the system's (ENOSPC, EROFS, EIO, ...), or `ECLOSED` after `close`. */
  | { readonly kind: 'failed'; readonly code: string };

export type SpoolState =
  | { readonly kind: 'healthy' }
  /** Batches have to stay in memory. The disk is tried again every 15 s at least. */
  | { readonly kind: 'failed'; readonly code: string; readonly sinceMs: number };

export interface SpoolOptions {
  /**
   * The directory is made if it is missing, with 0700. Several processes may share it: each works in a sub-directory.
   */
  readonly directory: string;
  /**
   * Bytes on disk of this process. The oldest segments are evicted when more comes. Default: 256 MiB. At least 64 KiB.
   */
  readonly maxBytes?: number;
  /** Maximum age of a record. Older ones are dropped. Default: 24 h. */
  readonly maxAgeMs?: number;
  /** Size at which a file is closed and the next begun, at most a quarter of `maxBytes`. Default: 16 MiB. */
  readonly segmentBytes?: number;
  /**
   * The span of appends that a power failure may take, in ms. An fsync begins after half of it. With `always`, `append`
   * resolves when the batch is durable. Default: 500 ms.
   */
  readonly fsyncIntervalMs?: number | 'always';
  readonly clock?: Clock;
  readonly onEvent?: OnSpoolEvent;
  /** The file system. Default: the real one. */
  readonly disk?: Disk;
  /** Unix time in ms. It may jump: ages do not show that while the spool is open. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** The place of this thread among those that follow each other in one process. Default: it is the first. */
  readonly succession?: Succession;
}

/** Tokens are those of `newToken`. */
export interface Succession {
  /** Names this thread. */
  readonly token: string;
  /** Threads that have ended: their spools are taken over at once. */
  readonly gone: readonly string[];
}

/** The events of a spool that concern an operator. Each event names its path. */
export type SpoolEvent =
  /** The disk fails: batches stay in memory until `healed`. The event comes at most once a minute for one code. */
  | { readonly kind: 'failed'; readonly code: string; readonly path: string }
  | { readonly kind: 'healed'; readonly afterMs: number; readonly path: string }
  /** This spool took over the items of a file that another one left. Comes before any other event about these items. */
  | {
      readonly kind: 'adopted';
      readonly items: ItemCounts;
      readonly path: string;
      /** A thread of this process left them: the process' ledger has counted them since they were appended. */
      readonly inherited?: boolean;
    }
  /** At the close: items that the next process takes once more, because an item before them was not acknowledged. */
  | { readonly kind: 'repeated'; readonly items: ItemCounts; readonly path: string }
  /** Comes once if there were threads before this one: everything that they left has been taken over. */
  | { readonly kind: 'searched'; readonly path: string }
  | {
      readonly kind: DropReason;
      /** The items were whole, or damaged; damaged items are counted as far as their headers can be read. */
      readonly items: ItemCounts;
      readonly bytes: number;
      readonly path: string;
    };

/** Hears of each event. The spool swallows what it throws. */
export type OnSpoolEvent = (event: SpoolEvent) => void;
