import { mayHaveArrived } from '../layers/fault.js';
import { retry, type Outcome } from '../send/outcome.js';
import { systemClock, type Batch, type Clock, type Sender } from '../send/sender.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import type { ItemCounts } from '../send/item-counts.js';
import { ReplayPace, type PaceOptions } from './replay-pace.js';
import type { Spool, SpooledRecord } from './spool.js';

export interface ReplayOptions extends PaceOptions {
  /** The signals whose records are replayed; other records stay. Default: all. */
  readonly signals?: readonly Signal[];
  readonly clock?: Clock;
  /** Hears the outcome of each batch, for the ledger, before the batch is acknowledged. */
  readonly onOutcome?: (batch: Batch, outcome: Outcome, wasDoubtful: boolean) => void;
}

interface Flush {
  /** Items that were appended before it. */
  readonly mark: ItemCounts;
  readonly done: () => void;
}

/**
 * The longest time for which a record holds up all others: while the peer takes live batches, and while it takes
 * nothing.
 */
const MAX_MS = 300_000;
const MAX_ALONE_MS = 3_600_000;

interface Kept {
  readonly record: SpooledRecord;
  readonly sinceMs: number;
  readonly sentBytes: number;
  readonly isDoubtful: boolean;
  readonly outcome: Outcome;
}

/** The oldest record of those that go in order, from its first failure until it is settled. */
class HeadOfLine {
  #kept: Kept | undefined;

  get record(): SpooledRecord | undefined {
    return this.#kept?.record;
  }

  /** The collector may have it since an earlier attempt. */
  get isDoubtful(): boolean {
    return this.#kept?.isDoubtful === true;
  }

  /**
   * Returns true if the record goes again before all others after that outcome. It is passed over after it failed for
   * 5 min while the peer took live batches (`sentBytes` grew), or for an hour.
   */
  keeps(record: SpooledRecord, outcome: Outcome, nowMs: number, sentBytes: number): boolean {
    const { sinceMs = nowMs, sentBytes: before = sentBytes } = this.#kept ?? {};
    const isLate = nowMs - sinceMs > (sentBytes > before ? MAX_MS : MAX_ALONE_MS);
    if (outcome.kind !== 'retry' || isLate) {
      this.#kept = undefined;
      return false;
    }
    const isDoubtful = this.isDoubtful || mayHaveArrived(outcome.reason);
    this.#kept = { record, sinceMs, sentBytes: before, isDoubtful, outcome };
    return true;
  }

  /** Drops the record with its last outcome. */
  release(): Pick<Kept, 'record' | 'outcome'> | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    return kept;
  }
}

/**
 * Sends the records of a spool through a sender, which need not retry. Live batches come first. Each peer has its own.
 */
export class Replayer {
  readonly #spool: Spool;
  readonly #sender: Sender;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #pace: ReplayPace;
  readonly #abort = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #flushes = new Set<Flush>();
  readonly #head = new HeadOfLine();
  /** Sends that are in flight. */
  #bytes = 0;
  #wakes = 0;
  #cancel: (() => void) | undefined;

  /** The replay begins at once. The caller still has to close the spool and the sender. */
  constructor(spool: Spool, sender: Sender, options: ReplayOptions) {
    this.#spool = spool;
    this.#sender = sender;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#pace = new ReplayPace(options, this.#clock, () => spool.resetBackoff(options.signals));
    this.#pump();
  }

  /** A batch was appended: the replay looks for it now and ends a rest that began on an empty spool. Cheap. */
  wake(): void {
    this.#wakes += 1;
    this.#pace.wake();
    this.#pump();
  }

  /**
   * Resolves when all records of this moment are settled. It also resolves as soon as none of them can be sent (the
   * breaker is open, or the peer failed or asked for a pause), and when the replay is stopped.
   */
  flush(): Promise<void> {
    return new Promise((done) => {
      this.#flushes.add({ mark: this.#spool.stats().appended, done });
      this.#pace.hurry();
      this.wake();
    });
  }

  /** Aborts the sends in flight and gives their records back. Safe twice. The spool and the sender stay open. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#cancel?.();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    const head = this.#head.release();
    if (head !== undefined) this.#spool.acknowledge(head.record, head.outcome);
    this.#settleFlushes();
  }

  /** Starts as many as may be in flight, and looks again when the pace says so. */
  #pump(): void {
    if (this.#abort.signal.aborted) return this.#settleFlushes();
    this.#cancel?.();
    let waitMs = this.#waitMs();
    while (waitMs === 0) {
      const one: Promise<void> = this.#one()
        // A spool or a sender that breaks its contract must not end the process. The next look comes after a pause.
        .catch(() => this.#pace.idle())
        .finally(() => {
          this.#inFlight.delete(one);
          this.#settleFlushes();
        });
      this.#inFlight.add(one);
      waitMs = this.#waitMs();
    }
    this.#settleFlushes();
    this.#cancel = this.#clock.after(waitMs, () => this.#pump());
  }

  #waitMs(): number {
    return this.#pace.waitMs(this.#inFlight.size, this.#bytes);
  }

  #settleFlushes(): void {
    if (this.#flushes.size === 0) return;
    const { signals = SIGNALS } = this.#options;
    const isOver = this.#abort.signal.aborted || (this.#inFlight.size === 0 && this.#pace.isStuck);
    const { acknowledged, evicted, expired, corrupt, recovered } = this.#spool.stats();
    function gone(signal: Signal): number {
      return acknowledged[signal] + evicted[signal] + expired[signal] + corrupt[signal];
    }
    for (const flush of this.#flushes) {
      const isPast = signals.every((one) => gone(one) >= flush.mark[one] + recovered[one]);
      if (!isOver && !isPast) continue;
      this.#flushes.delete(flush);
      flush.done();
    }
  }

  async #one(): Promise<void> {
    const wakes = this.#wakes;
    const record =
      this.#head.record ?? (await this.#spool.take(this.#options.signals)) ?? (await this.#probe());
    if (record === undefined) {
      // A record that came while we looked may not have been seen.
      if (wakes === this.#wakes) this.#pace.idle();
      return;
    }
    const startMs = this.#clock.now();
    const { bytes } = record.batch;
    this.#pace.spend(bytes);
    this.#bytes += bytes;
    const outcome = await this.#send(record.batch);
    this.#bytes -= bytes;
    this.#pace.learn(outcome, this.#clock.now() - startMs);
    this.#tell(record, outcome);
    if (!this.#isKept(record, outcome)) this.#spool.acknowledge(record, outcome);
    // A microtask later this send has left `#inFlight`.
    setImmediate(() => this.#pump());
  }

  async #send(batch: Batch): Promise<Outcome> {
    try {
      return await this.#sender.send(batch, this.#abort.signal);
    } catch {
      // The sender broke its contract. The record must not be lost for that, nor count as in flight for ever.
      return retry('internal_error');
    }
  }

  #isKept(record: SpooledRecord, outcome: Outcome): boolean {
    const { inOrder = false, load } = this.#options;
    if (!inOrder) return false;
    return this.#head.keeps(record, outcome, this.#clock.now(), load().sentBytes);
  }

  /** Every record failed and rests: one of them finds out whether the peer is back. */
  async #probe(): Promise<SpooledRecord | undefined> {
    if (!this.#pace.mayProbe) return undefined;
    const { signals } = this.#options;
    return this.#spool.wakeOne(signals) ? this.#spool.take(signals) : undefined;
  }

  #tell(record: SpooledRecord, outcome: Outcome): void {
    try {
      const isDoubtful = record.isDoubtful || this.#head.isDoubtful;
      this.#options.onOutcome?.(record.batch, outcome, isDoubtful);
    } catch {
      // A listener's fault does not keep the record.
    }
  }
}
