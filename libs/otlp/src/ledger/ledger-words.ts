import { SIGNALS } from '../wire/model.js';
/** The writing thread: the app's or the one that sends. Each has words of its own, so that each word has one writer. */
export type Side = 'main' | 'worker';

/** Why items are given up here, from a list of fixed length. */
export const DROP_REASONS = [
  /** No room. */
  'queue_full',
  /** Ended after the shutdown began. */
  'already_shutdown',
  /** One item larger than a request may be. */
  'too_large',
  'encode_failed',
  /** All retries failed, and no spool took it. */
  'export_failed',
  /** Left when the shutdown's time was up. */
  'shutdown_deadline',
  /** Left as above, after an attempt that got no answer, or a failure after which the collector may have the item. */
  'outcome_unknown',
  /** The oldest of a spool that reached its cap. */
  'spool_full',
  'spool_expired',
  'spool_corrupt',
  /** In the hands of a worker that died. */
  'worker_lost',
  'other',
] as const;

/** Why an item was dropped here; `docs/pipeline.md` of the repository has the meanings. */
export type DropReason = (typeof DROP_REASONS)[number];

/** What is counted for each signal, each under its name. */
export const COUNTERS = [
  'created',
  'restored',
  'handed',
  'spooledIn',
  'spooledOut',
  'accepted',
  'rejected',
  'possibleDuplicates',
  ...DROP_REASONS,
] as const;

export type Counter = (typeof COUNTERS)[number];

function numbersOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, number) => [name, number])) as Record<Name, number>;
}

/** The number of each counter of a signal. */
export const COUNTER = numbersOf(COUNTERS);

const COUNTERS_PER_SIDE = SIGNALS.length * COUNTERS.length;
export const WORDS_PER_COUNTER = 2;
/** Sides lie this many words apart at least, that no cache line has two writers. */
const ALIGNMENT = 32;
const WORDS_PER_SIDE = Math.ceil((COUNTERS_PER_SIDE * WORDS_PER_COUNTER) / ALIGNMENT) * ALIGNMENT;

export const LEDGER_BYTES = 2 * WORDS_PER_SIDE * Int32Array.BYTES_PER_ELEMENT;

/** The first word of a side; its counters follow signal by signal. */
export function startOf(side: Side): number {
  return side === 'main' ? 0 : WORDS_PER_SIDE;
}

/** The first of a counter's two words. */
export function wordOf(side: Side, signal: number, counter: number): number {
  return startOf(side) + (signal * COUNTERS.length + counter) * WORDS_PER_COUNTER;
}

const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;

/**
 * A counter up to 2^53 in two words: the low 32 bits, and how often 2^31 fits in. Both hold bit 31. The writer stores
 * the low word first and the reader loads it last, so where the two disagree the high word is one behind.
 */
export function storeCount(words: Int32Array, word: number, count: number, before: number): void {
  Atomics.store(words, word, count | 0);
  const borderCrossed = ((count | 0) ^ (before | 0)) < 0 || count - before >= TWO_31;
  if (borderCrossed) Atomics.store(words, word + 1, Math.floor(count / TWO_31));
}

export function loadCount(words: Int32Array, word: number): number {
  const high = Atomics.load(words, word + 1);
  const low = Atomics.load(words, word) >>> 0;
  const caughtUp = low >>> 31 === (high & 1) ? high : high + 1;
  return Math.floor(caughtUp / 2) * TWO_32 + low;
}
