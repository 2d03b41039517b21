import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import {
  COUNTER,
  COUNTERS,
  loadCount,
  startOf,
  storeCount,
  WORDS_PER_COUNTER,
} from './ledger-words.js';
import type { DropReason, Side } from './ledger-words.js';

const TRACES = SIGNALS.indexOf('traces');
const METRICS = SIGNALS.indexOf('metrics');
const LOGS = SIGNALS.indexOf('logs');

/**
 * Writes one side of the ledger: one of these per side at a time. Counts are of items; a value that is not a
 * positive number is ignored. Nothing is allocated, and no lock taken.
 *
 * Call in the order in which things happen: `created` before anything else is told of an item, `unspooled` before it
 * is told what became of it. Then a reader on any thread sees every item in one place.
 */
export class LedgerWriter {
  readonly #words: Int32Array;
  readonly #start: number;
  /** A copy of the words, so that writing reads nothing that is shared. */
  readonly #counts = new Float64Array(SIGNALS.length * COUNTERS.length);

  /** Goes on from what an earlier writer of this side left. */
  constructor(buffer: SharedArrayBuffer, side: Side) {
    this.#words = new Int32Array(buffer);
    this.#start = startOf(side);
    for (let counter = 0; counter < this.#counts.length; counter += 1) {
      const word = this.#start + counter * WORDS_PER_COUNTER;
      this.#counts[counter] = loadCount(this.#words, word);
    }
  }

  /** Ended, made or collected; from here on the pipeline answers for it. */
  created(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.created, items);
  }

  /** Found in the spool at start, left by an earlier process. In the spool until told otherwise. */
  restored(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.restored, items);
    this.#add(signal, COUNTER.spooledIn, items);
  }

  /** Left the queue for the first time, for the exporter or the spool. */
  handed(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.handed, items);
  }

  spooled(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.spooledIn, items);
  }

  /** Out of the spool and queued again. */
  unspooled(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.spooledOut, items);
  }

  accepted(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.accepted, items);
  }

  /** By the collector, in a whole request or as part of one. */
  rejected(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.rejected, items);
  }

  dropped(signal: Signal, reason: DropReason, items: number): void {
    this.#add(signal, COUNTER[reason], items);
  }

  /** Sent again although the collector may have it. Beside the balance: such an item still has one place. */
  possiblyDuplicated(signal: Signal, items: number): void {
    this.#add(signal, COUNTER.possibleDuplicates, items);
  }

  #add(signal: Signal, counter: number, items: number): void {
    if (!(items > 0)) return;
    const index = numberOf(signal) * COUNTERS.length + counter;
    const before = this.#counts[index] ?? 0;
    const count = before + items;
    this.#counts[index] = count;
    storeCount(this.#words, this.#start + index * WORDS_PER_COUNTER, count, before);
  }
}

/** Quicker than to look it up, which counts for each span. */
function numberOf(signal: Signal): number {
  return signal === 'traces' ? TRACES : signal === 'metrics' ? METRICS : LOGS;
}
