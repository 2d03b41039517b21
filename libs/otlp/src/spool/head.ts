import { mayHaveArrived } from '../layers/fault.js';
import type { Outcome } from '../send/outcome.js';
import type { SpooledRecord } from './spool.js';

/** How long one holds up all others while the peer takes something else, or nothing. */
const MOST_MS = 300_000;
const MOST_ALONE_MS = 3_600_000;

interface Kept {
  readonly record: SpooledRecord;
  readonly sinceMs: number;
  readonly sentBytes: number;
  readonly isDoubtful: boolean;
  readonly outcome: Outcome;
}

/** Of what is sent in order: the oldest record, from its first failure until it is done with. */
export class Head {
  #kept: Kept | undefined;

  get record(): SpooledRecord | undefined {
    return this.#kept?.record;
  }

  /** The collector may have it since an earlier attempt. */
  get isDoubtful(): boolean {
    return this.#kept?.isDoubtful === true;
  }

  /**
   * Whether the record goes again before all others, after that outcome. One that failed for 5 min while the peer took live
   * batches, of which `sentBytes` grows, or for an hour, is passed over.
   */
  keeps(record: SpooledRecord, outcome: Outcome, nowMs: number, sentBytes: number): boolean {
    const { sinceMs = nowMs, sentBytes: before = sentBytes } = this.#kept ?? {};
    const isLate = nowMs - sinceMs > (sentBytes > before ? MOST_MS : MOST_ALONE_MS);
    if (outcome.kind !== 'retry' || isLate) {
      this.#kept = undefined;
      return false;
    }
    const isDoubtful = this.isDoubtful || mayHaveArrived(outcome.reason);
    this.#kept = { record, sinceMs, sentBytes: before, isDoubtful, outcome };
    return true;
  }

  /** Gives it back, with the last outcome. */
  release(): Pick<Kept, 'record' | 'outcome'> | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    return kept;
  }
}
