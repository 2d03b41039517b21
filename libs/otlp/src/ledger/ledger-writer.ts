import type { Signal } from '../wire/model.js';
import {
  ACCOUNT,
  ACCOUNTS,
  loadCount,
  SIGNAL,
  SIGNALS,
  storeCount,
  wordOf,
} from './ledger-words.js';
import type { Account, DropReason, Side } from './ledger-words.js';

/**
 * Writes one side of the ledger: one of these per side at a time. Counts are of items; what is no positive number is
 * ignored. A few nanoseconds each, nothing allocated.
 *
 * Call in the order in which things happen: `created` before anything else is told of an item, `unspooled` before it
 * is told what became of it. Then a reader on any thread sees every item in one place.
 */
export class LedgerWriter {
  readonly #words: Int32Array;
  readonly #side: Side;
  /** What the words hold, so that writing reads nothing that is shared. */
  readonly #counts = new Float64Array(SIGNALS.length * ACCOUNTS.length);

  /** Goes on from what an earlier writer of this side left. */
  constructor(buffer: SharedArrayBuffer, side: Side) {
    this.#words = new Int32Array(buffer);
    this.#side = side;
    for (let signal = 0; signal < SIGNALS.length; signal += 1) {
      for (let account = 0; account < ACCOUNTS.length; account += 1) {
        this.#counts[signal * ACCOUNTS.length + account] = loadCount(
          this.#words,
          wordOf(side, signal, account),
        );
      }
    }
  }

  /** Ended, made or collected; from here on the pipeline answers for it. */
  created(signal: Signal, items: number): void {
    this.#add(signal, 'created', items);
  }

  /** Found in the spool at start, left by an earlier process. In the spool until told otherwise. */
  restored(signal: Signal, items: number): void {
    this.#add(signal, 'restored', items);
    this.#add(signal, 'spooledIn', items);
  }

  /** Left the queue for the first time, for the exporter or the spool. */
  handed(signal: Signal, items: number): void {
    this.#add(signal, 'handed', items);
  }

  spooled(signal: Signal, items: number): void {
    this.#add(signal, 'spooledIn', items);
  }

  /** Out of the spool and queued again. */
  unspooled(signal: Signal, items: number): void {
    this.#add(signal, 'spooledOut', items);
  }

  accepted(signal: Signal, items: number): void {
    this.#add(signal, 'accepted', items);
  }

  /** By the collector, in a whole request or as part of one. */
  rejected(signal: Signal, items: number): void {
    this.#add(signal, 'rejected', items);
  }

  dropped(signal: Signal, reason: DropReason, items: number): void {
    this.#add(signal, reason, items);
  }

  /** Sent again although the collector may have it. Beside the balance: such an item still has one place. */
  possiblyDuplicated(signal: Signal, items: number): void {
    this.#add(signal, 'possibleDuplicates', items);
  }

  #add(signal: Signal, account: Account, items: number): void {
    if (!(items > 0)) return;
    const counter = SIGNAL[signal] * ACCOUNTS.length + ACCOUNT[account];
    const before = this.#counts[counter] ?? 0;
    const count = before + items;
    this.#counts[counter] = count;
    storeCount(this.#words, wordOf(this.#side, SIGNAL[signal], ACCOUNT[account]), count, before);
  }
}
