import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import {
  COUNTER,
  COUNTERS,
  DROP_REASONS,
  LEDGER_BYTES,
  loadCount,
  wordOf,
} from './ledger-words.js';
import type { Counter, DropReason, Side } from './ledger-words.js';
import { LedgerWriter } from './ledger-writer.js';

/** Where the items of one signal are. `created + restored` is the sum of all below but the last two. */
export interface SignalLedger {
  readonly created: number;
  /** Found in the spool at start. */
  readonly restored: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Only reasons that occurred. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** In memory: in a slab, in flight or waiting for a retry. */
  readonly queued: number;
  readonly spooled: number;
  /** Sent again although the collector may have them. */
  readonly possibleDuplicates: number;
  /** Left the queue, for the exporter or the spool. */
  readonly handed: number;
}

/** The counts of each signal at one moment. */
export type LedgerSnapshot = Readonly<Record<Signal, SignalLedger>>;

export interface Ledger {
  /** For `openLedger` on another thread. */
  readonly buffer: SharedArrayBuffer;
  writer(side: Side): LedgerWriter;
  /** On any thread, at any moment. */
  snapshot(): LedgerSnapshot;
}

/** Created = accepted + rejected + dropped by reason + queued + spooled, at any moment. */
export function createLedger(): Ledger {
  return openLedger(new SharedArrayBuffer(LEDGER_BYTES));
}

export function openLedger(buffer: SharedArrayBuffer): Ledger {
  const words = new Int32Array(buffer);
  return {
    buffer,
    writer: (side) => new LedgerWriter(buffer, side),
    snapshot: () =>
      Object.fromEntries(
        SIGNALS.map((name, signal) => [name, snapshotOf(new SignalCounts(words, signal))]),
      ) as Record<Signal, SignalLedger>,
  };
}

// From where items end to where they come from. An item that moves meanwhile is then seen where it was, or as queued
// between two places, but never in two at once.
const READING_ORDER = (
  [
    'accepted',
    'rejected',
    ...DROP_REASONS,
    'spooledOut',
    'spooledIn',
    'handed',
    'restored',
    'created',
    'possibleDuplicates',
  ] as const satisfies readonly Counter[]
).map((name) => COUNTER[name]);
/** An item that leaves the spool and comes back while we read looks settled twice: read again. */
const MOST_READS = 16;

/** The counters of one signal, read so that they fit each other. */
class SignalCounts {
  readonly #counts = new Float64Array(COUNTERS.length);

  constructor(words: Int32Array, signal: number) {
    let reads = 0;
    do {
      for (let at = 0; at < READING_ORDER.length; at += 1) {
        const counter = READING_ORDER[at]!;
        this.#counts[counter] =
          loadCount(words, wordOf('worker', signal, counter)) +
          loadCount(words, wordOf('main', signal, counter));
      }
      reads += 1;
    } while (this.settled > this.incoming && reads < MOST_READS);
  }

  of(name: Counter): number {
    return this.#counts[COUNTER[name]] ?? 0;
  }

  get incoming(): number {
    return this.of('created') + this.of('restored');
  }

  get spooled(): number {
    return this.of('spooledIn') - this.of('spooledOut');
  }

  /** All that is not queued. */
  get settled(): number {
    let sum = this.of('accepted') + this.of('rejected') + this.spooled;
    for (let at = 0; at < DROP_REASONS.length; at += 1) sum += this.of(DROP_REASONS[at]!);
    return sum;
  }
}

function snapshotOf(counts: SignalCounts): SignalLedger {
  return {
    created: counts.of('created'),
    restored: counts.of('restored'),
    accepted: counts.of('accepted'),
    rejected: counts.of('rejected'),
    dropped: Object.fromEntries(
      DROP_REASONS.filter((reason) => counts.of(reason) > 0).map((reason) => [
        reason,
        counts.of(reason),
      ]),
    ),
    queued: Math.max(0, counts.incoming - counts.settled),
    spooled: counts.spooled,
    possibleDuplicates: counts.of('possibleDuplicates'),
    handed: counts.of('handed'),
  };
}
