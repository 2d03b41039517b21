import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { SpoolStats } from './counts.js';
import type { SpoolState } from './disk-health.js';
import type { Appended } from './writer.js';

/** Batches on disk, oldest first. Nothing of it throws or rejects. */
export interface Spool {
  /** The caller's chunks are read until it resolves. Answers `failed` at once while the disk refuses. */
  append(batch: Batch): Promise<Appended>;
  /**
   * Of these signals (default: all), oldest first, but for those that rest; undefined where there is none now. Each is
   * to be acknowledged once; several may be out.
   */
  take(signals?: readonly Signal[]): Promise<SpooledRecord | undefined>;
  /**
   * `retry`: it is taken again, after a rest of 10 s that doubles up to 5 min, so that one which nobody takes does
   * not hold up the others. Anything else: it is done with. On the disk within
   * `fsyncIntervalMs` (500 ms for `always`); a crash before that lets it be taken again by the next process.
   */
  acknowledge(record: SpooledRecord, outcome: Outcome): void;
  /** The collector of these works again: what failed meanwhile rests no longer. Three times for each, then it rests. */
  pardon(signals?: readonly Signal[]): void;
  /** Lets the oldest of those of these signals that rest be taken now. False where there is none. */
  wakeOne(signals?: readonly Signal[]): boolean;
  /** Appended and acknowledged until now is on the disk when it resolves to true. Never rejects. */
  sync(): Promise<boolean>;
  /** Whether there is something of the signal that is not acknowledged. Cheap. */
  holds(signal: Signal): boolean;
  stats(): SpoolStats;
  state(): SpoolState;
  /** Safe twice. What was taken and not acknowledged stays for the next process. */
  close(): Promise<void>;
}

export interface SpooledRecord {
  /** Its one chunk is the caller's until the acknowledgement. */
  readonly batch: Batch;
  /** Since it was appended, by this process or another, in ms. */
  readonly ageMs: number;
  /** The collector may have it since an attempt of this process that failed. */
  readonly isDoubtful: boolean;
}
