import type { Batch, Sender } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import type { HeaderAnswer, ExporterState } from './worker-messages.js';

/** The sender stack of one collector, and what the send queue must know of it. */
export interface Exporter {
  readonly signals: readonly Signal[];
  readonly sender: Sender;
  /** `sender` without retry, for batches that stay on disk until the collector takes them. Closed with `sender`. */
  readonly once: Sender;
  /** How many requests may be under way now. */
  limit(): number;
  /** Raw bytes of a request that the collector may take, and in time. */
  maxBytes(): number;
  /** Batches that wait for another attempt, and not for the collector. */
  waiting(): number;
  /** The breaker is open: the collector does not work, and no attempt is due. */
  isOpen(): boolean;
  /** Attempts that have begun. */
  begun(): number;
  /** The number of the latest of them that has ended; 0 for none. */
  ended(): number;
  /** It never answered in this process, and the last attempt was told at once that nobody is there. */
  isNobodyThere(): boolean;
  /** An attempt is made now, whatever waits or is open. */
  tryNow(): void;
  /** A function for headers has answered: what gave up waiting for that is tried again now. */
  hasHeaders(): void;
  /**
   * For the shutdown: from now on no batch waits to be tried again, unless the collector took something before and fails now:
   * it is then asked until the deadline, while `isKept` answers false. True: what it does not take is kept elsewhere.
   */
  stopWaiting(isKept: () => boolean): void;
  state(): ExporterState;
}

/** All exporters of a pipeline. Signals that go to one collector share one; a signal that is not exported has none. */
export interface Exporters {
  readonly of: Readonly<Partial<Record<Signal, Exporter>>>;
  readonly all: readonly Exporter[];
  /** The answer to a question for headers. */
  headers(id: number, headers: HeaderAnswer): void;
  /** Questions are answered by these from now on. */
  alone(headers: Readonly<Partial<Record<Signal, HeaderAnswer>>>): void;
}

/** Takes what cannot be sent now. */
export interface Overflow {
  /** A batch of the signal should go to the overflow at once, and not wait for the exporter. */
  wants(exporter: Exporter, signal: Signal): boolean;
  /** The overflow holds older batches of the signal, which go before those in memory. */
  isBehind(exporter: Exporter, signal: Signal): boolean;
  /** False where it could not; never rejects. The batch's bytes are not needed any more when it resolves. */
  take(batch: Batch): Promise<boolean>;
}
