import type { Outcome } from '../send/outcome.js';
import type { Batch, Clock } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { DropReason, Items, SpoolStats } from './counts.js';
import type { Disk } from './disk.js';

/** Batches on disk, oldest first. No method throws or rejects. */
export interface Spool {
  /** Reads the caller's chunks until it resolves. Answers `failed` at once while the disk refuses. */
  append(batch: Batch): Promise<Appended>;
  /**
   * Gives the oldest record of these signals (default: all) that does not rest, or undefined where there is none now.
   * The caller acknowledges each record once; several may be out.
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
  /** Lets the oldest resting record of these signals be taken now. False where there is none. */
  wakeOne(signals?: readonly Signal[]): boolean;
  /** Resolves to true when all that was appended and acknowledged before is on the disk. Never rejects. */
  fsync(): Promise<boolean>;
  /** Whether the spool has items of the signal that are not acknowledged. Cheap. */
  holds(signal: Signal): boolean;
  stats(): SpoolStats;
  state(): SpoolState;
  /** Safe twice. Records that were taken and not acknowledged stay for the next process. */
  close(): Promise<void>;
}

export interface SpooledRecord {
  /** Its one chunk is the caller's until the acknowledgement. */
  readonly batch: Batch;
  /** Time in ms since it was appended, by this process or another. */
  readonly ageMs: number;
  /** An attempt of this process failed after which the collector may have it. */
  readonly isDoubtful: boolean;
}

/** What became of a batch that was to be kept. */
export type Appended =
  /** `durable`: it outlasts a power failure. It outlasts a crash of the process in any case. */
  | { readonly kind: 'spooled'; readonly durable: boolean }
  /** It does not fit, whatever is evicted. */
  | { readonly kind: 'full' }
  /** The disk refuses, by the system's code (ENOSPC, EROFS, EIO, ...); `ECLOSED` after `close`. */
  | { readonly kind: 'failed'; readonly code: string };

export type SpoolState =
  | { readonly kind: 'healthy' }
  /** Batches have to stay in memory. The disk is tried again every 15 s at least. */
  | { readonly kind: 'failed'; readonly code: string; readonly sinceMs: number };

export interface SpoolOptions {
  /** Made when missing, 0700. Several processes may name the same one: each works in a sub-directory of its own. */
  readonly directory: string;
  /** Bytes on disk of this process. The oldest segments are evicted when more comes. Default: 256 MiB. At least 64 KiB. */
  readonly maxBytes?: number;
  /** Default: 24 h. */
  readonly maxAgeMs?: number;
  /** Size at which a file is closed and the next begun; a quarter of `maxBytes` at most. Default: 16 MiB. */
  readonly segmentBytes?: number;
  /**
   * How much a power failure may take, in ms: an fsync begins after half of it. `always`: `append` answers when the
   * batch is durable. Default: 500.
   */
  readonly fsyncIntervalMs?: number | 'always';
  readonly clock?: Clock;
  readonly onEvent?: OnSpoolEvent;
  /** Default: the real one. */
  readonly disk?: Disk;
  /** Unix time in ms. It may jump: ages do not show that while the spool is open. Default: `Date.now`. */
  readonly wallClock?: () => number;
  /** For threads that follow each other in one process. Default: this thread is the first. */
  readonly succession?: Succession;
}

/** Tokens are those of `newToken`. */
export interface Succession {
  /** Names this thread. */
  readonly token: string;
  /** Threads that have ended: their spools are taken over at once. */
  readonly gone: readonly string[];
}

/** What an operator wants to know of a spool. Each event names the path that it is about. */
export type SpoolEvent =
  /** The disk refuses: batches stay in memory until `healed`. Once a minute at most for one code. */
  | { readonly kind: 'failed'; readonly code: string; readonly path: string }
  | { readonly kind: 'healed'; readonly afterMs: number; readonly path: string }
  /** This spool took over the items of a file that another one left. Comes before any other event about these items. */
  | {
      readonly kind: 'adopted';
      readonly items: Items;
      readonly path: string;
      /** A thread of this process left them: the process' ledger has counted them since they were appended. */
      readonly inherited?: boolean;
    }
  /** Acknowledged behind an item that was not, so that the next process takes them once more. Told at the close. */
  | { readonly kind: 'repeated'; readonly items: Items; readonly path: string }
  /** Told once, where there were threads before this one: all that they left has been taken over. */
  | { readonly kind: 'searched'; readonly path: string }
  | {
      readonly kind: DropReason;
      /** They were whole and are dropped, or damaged; then as far as the headers tell what they were. */
      readonly items: Items;
      readonly bytes: number;
      readonly path: string;
    };

/** Hears of each event. The spool swallows what it throws. */
export type OnSpoolEvent = (event: SpoolEvent) => void;
