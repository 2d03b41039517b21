import { ABORTED, BREAKER_OPEN, mayHaveArrived, UNANSWERED } from '../layers/fault.js';
import { Backoff } from '../send/backoff.js';
import type { Outcome } from '../send/outcome.js';
import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { SpooledRecord } from './spool.js';

/** The first rest is longer than the pause after a failure. Otherwise the record would be the first again after it. */
const REST = new Backoff({ firstMs: 10_000, maxMs: 300_000 });
const MAX_RESETS = 3;
const NOTHING = new Uint8Array(0);
/** Reasons of outcomes that say nothing of the record. */
const UNTRIED: ReadonlySet<string> = new Set([ABORTED, BREAKER_OPEN, UNANSWERED]);

/** The result of a lease. `untried` means that no collector was asked to take the record. */
export type Answer = 'done' | 'failed' | 'untried';

/** The facts that a scan finds of a record, or of an unreadable stretch, which may have no signal. */
interface RecordFacts {
  readonly signal: Signal | undefined;
  readonly items: number;
  /** The positions at which it and the next record begin. */
  readonly start: number;
  readonly end: number;
  readonly atMs: number;
  /** The process that wrote it may have sent it. */
  readonly isInherited: boolean;
}

/** One record that was read. It is leased and waits in turns until it is acknowledged or dropped. */
export class SegmentRecord {
  readonly facts: RecordFacts;
  #state: 'read' | 'leased' | 'waiting' | 'acknowledged' | 'dropped' = 'read';
  /** Empty while the record is not leased, because many records may wait for long. */
  #body: Uint8Array;
  #isDoubtful = false;
  #failures = 0;
  #resets = 0;
  /** Other records go first until this time of the clock. */
  #notBeforeMs = 0;

  constructor(facts: RecordFacts, body: Uint8Array) {
    this.facts = facts;
    this.#body = body;
  }

  get bytes(): number {
    return this.facts.end - this.facts.start;
  }

  get body(): Uint8Array {
    return this.#body;
  }

  /** An attempt of this process failed that may have arrived. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  get isLeased(): boolean {
    return this.#state === 'leased';
  }

  get isAcknowledged(): boolean {
    return this.#state === 'acknowledged';
  }

  /** The record is settled for good. */
  get isSettled(): boolean {
    return this.#state === 'acknowledged' || this.#state === 'dropped';
  }

  isOf(signals: readonly Signal[]): boolean {
    return this.facts.signal !== undefined && signals.includes(this.facts.signal);
  }

  addItemsTo(counts: Record<Signal, number>): void {
    const { signal, items } = this.facts;
    if (signal !== undefined) counts[signal] += items;
  }

  isRested(nowMs: number): boolean {
    return this.#notBeforeMs <= nowMs;
  }

  lease(): void {
    this.#state = 'leased';
  }

  /** Takes the body that was read again for the next lease. */
  fill(body: Uint8Array): void {
    this.#body = body;
  }

  wait(): void {
    this.#leave('waiting');
  }

  acknowledge(): void {
    this.#leave('acknowledged');
  }

  drop(): void {
    this.#leave('dropped');
  }

  rest(nowMs: number): void {
    this.#failures += 1;
    this.#notBeforeMs = nowMs + REST.afterMs(this.#failures);
  }

  /** A record that failed while the peer took nothing need not rest; one that always fails rests in the end. */
  resetBackoff(): void {
    if (this.#resets === MAX_RESETS) return;
    this.#resets += 1;
    this.wake();
  }

  wake(): void {
    this.#notBeforeMs = 0;
  }

  suspectArrival(): void {
    this.#isDoubtful = true;
  }

  #leave(state: 'waiting' | 'acknowledged' | 'dropped'): void {
    this.#state = state;
    this.#body = NOTHING;
  }
}

/** A record that is out, as its taker sees it. */
export class LeasedRecord implements SpooledRecord {
  readonly batch: Batch;
  readonly ageMs: number;
  readonly isDoubtful: boolean;
  readonly #record: SegmentRecord;
  readonly #settle: (answer: Answer) => void;

  constructor(record: SegmentRecord, nowMs: number, settle: (answer: Answer) => void) {
    const { body, facts } = record;
    const { signal = 'traces', items, isInherited } = facts;
    this.batch = { signal, items, bytes: body.byteLength, chunks: [body] };
    if (isInherited) this.batch = { ...this.batch, isDoubtful: true };
    this.ageMs = Math.max(0, nowMs - facts.atMs);
    this.isDoubtful = record.isDoubtful;
    this.#record = record;
    this.#settle = settle;
  }

  /** Safe twice. */
  settle(outcome: Outcome): void {
    if (outcome.kind !== 'retry') return this.#settle('done');
    if (mayHaveArrived(outcome.reason)) this.#record.suspectArrival();
    this.#settle(UNTRIED.has(outcome.reason) ? 'untried' : 'failed');
  }
}
