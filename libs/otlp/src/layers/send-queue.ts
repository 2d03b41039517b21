import type { Outcome } from '../send/outcome.js';
import { retry } from '../send/outcome.js';
import type { Batch, Sender } from '../send/sender.js';
import type { Signal } from '../wire/model.js';

interface SendQueueOptions {
  /** Gives the next batch of a signal to the queue. Undefined if there is none. */
  take(signal: Signal): Batch | undefined;
  /** Not closed by the queue. */
  readonly sender: Sender;
  /** The signal of every send. */
  readonly signal: AbortSignal;
  /** Called once for each batch taken. Must not throw. */
  settled(batch: Batch, outcome: Outcome): void;
  /** The limit of batches in flight. It is asked before each batch. */
  limit(): number;
  /** The number of batches in flight that wait for a retry and not for the peer. Default: none. */
  waiting?(): number;
}

export interface SendQueue {
  /** Looks for batches to take. This is cheap if there is none, or no room. */
  wake(): void;
  inFlight(signal?: Signal): number;
  /** A batch of the signal would be taken now. */
  hasRoom(signal: Signal): boolean;
  /** Like `hasRoom`, but slots of batches that wait for a retry still count as taken. */
  hasSlot(signal: Signal): boolean;
}

/**
 * The batches of the signal go to a collector one after the other, oldest first. Metrics do: backends such as Prometheus
 * refuse a whole request for one sample that is older than the newest of its series.
 */
export function goesInOrder(signal: Signal): boolean {
  return signal === 'metrics';
}

const WEIGHTS: Readonly<Record<Signal, number>> = { metrics: 4, logs: 2, traces: 1 };
/** Batches in flight, with those that wait for a retry: so many times the limit. */
const MAX_IN_FLIGHT_FACTOR = 4;
const SIGNALS: readonly Signal[] = ['metrics', 'logs', 'traces'];

/**
 * Takes batches and sends them, `limit` at a time.
 *
 * - A batch that waits for its retry frees its slot, so that a few batches that a peer never accepts do not block
 *   others. At most four times `limit` are in flight, so that a busy peer, whose limit is small, does not get the
 *   attempts of many batches.
 * - If several signals wait, they get slots by their weights. Each signal may always have one batch beyond the limit.
 * - A signal that goes in order has one batch in flight, also while that batch waits for its retry.
 */
export function createSendQueue(options: SendQueueOptions): SendQueue {
  return new FairSendQueue(options);
}

class FairSendQueue implements SendQueue {
  readonly #options: SendQueueOptions;
  readonly #inFlight: Record<Signal, number> = { metrics: 0, logs: 0, traces: 0 };
  /** The slots that each signal has got, divided by its weight. The signal with the lowest value is next. */
  readonly #given: Record<Signal, number> = { metrics: 0, logs: 0, traces: 0 };
  /** Signals asked in this turn. One object that is kept, since this runs with each batch. */
  readonly #asked: Record<Signal, boolean> = { metrics: false, logs: false, traces: false };
  #turn = 0;
  #waking = false;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  wake(): void {
    // The loop that called `take` or `settled` looks again itself.
    if (this.#waking) return;
    this.#waking = true;
    try {
      while (this.#takeNext());
    } finally {
      this.#waking = false;
    }
  }

  inFlight(signal?: Signal): number {
    if (signal !== undefined) return this.#inFlight[signal];
    return this.#inFlight.metrics + this.#inFlight.logs + this.#inFlight.traces;
  }

  hasRoom(signal: Signal): boolean {
    return this.#inFlight[signal] === 0 || (!goesInOrder(signal) && this.#hasRoom());
  }

  hasSlot(signal: Signal): boolean {
    if (this.#inFlight[signal] === 0) return true;
    return !goesInOrder(signal) && this.inFlight() < this.#options.limit();
  }

  #takeNext(): boolean {
    const room = this.#hasRoom();
    this.#asked.metrics = this.#asked.logs = this.#asked.traces = false;
    for (let tried = 0; tried < SIGNALS.length; tried += 1) {
      const signal = this.#next();
      this.#asked[signal] = true;
      if ((!room || goesInOrder(signal)) && this.#inFlight[signal] > 0) continue;
      const batch = this.#options.take(signal);
      if (batch === undefined) continue;
      this.#charge(signal);
      this.#inFlight[signal] += 1;
      void this.#send(batch);
      return true;
    }
    return false;
  }

  /** The signal that has been given the least, of those not asked in this turn. */
  #next(): Signal {
    let next: Signal | undefined;
    for (let at = 0; at < SIGNALS.length; at += 1) {
      const signal = SIGNALS[at]!;
      if (this.#asked[signal]) continue;
      if (next === undefined || this.#due(signal) < this.#due(next)) next = signal;
    }
    return next!;
  }

  #hasRoom(): boolean {
    const inFlight = this.inFlight();
    const limit = this.#options.limit();
    const waiting = this.#options.waiting?.() ?? 0;
    return inFlight - waiting < limit && inFlight < limit * MAX_IN_FLIGHT_FACTOR;
  }

  /** Start-time fair queueing: a signal that had nothing to send saves nothing up. */
  #charge(signal: Signal): void {
    this.#turn = this.#due(signal);
    this.#given[signal] = this.#turn + 1 / WEIGHTS[signal];
  }

  #due(signal: Signal): number {
    return Math.max(this.#turn, this.#given[signal]);
  }

  async #send(batch: Batch): Promise<void> {
    const { sender, signal } = this.#options;
    let outcome: Outcome;
    try {
      outcome = await sender.send(batch, signal);
    } catch {
      // It broke the contract of a sender; the batch must not be lost for that.
      outcome = retry('internal_error');
    }
    this.#inFlight[batch.signal] -= 1;
    this.#options.settled(batch, outcome);
    this.wake();
  }
}
