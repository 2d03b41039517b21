import type { BreakerState } from '../layers/breaker-circuit.js';
import type { Operation } from '../layers/observe.js';
import type { Signal } from '../wire/model.js';
import type { SpoolStats } from '../spool/counts.js';
import type { HeapBatch } from './heap-queue.js';

/** How far a worker is; `STARTING` until its thread has come up. */
export const WorkerPhase = { STARTING: 0, WORKING: 1, CLOSED: 2 } as const;

/** A flush waits for everything that was appended or offered before its mark. */
export interface FlushMark {
  readonly sequence: number;
  readonly heap: number;
}

/** Messages to the worker, in the order they are given. All of them can be cloned to another thread; bytes are shared. */
export type ToWorker =
  | { readonly kind: 'offer'; readonly batch: HeapBatch }
  | { readonly kind: 'flush'; readonly id: number; readonly mark: FlushMark }
  /** Drain and close. */
  | { readonly kind: 'shutdown'; readonly mark: FlushMark }
  /** The deadline of the shutdown: give up the rest. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'headers'; readonly id: number; readonly headers: HeaderAnswer }
  /** Nobody answers questions any more: the last headers that were given have to do. */
  | {
      readonly kind: 'alone';
      readonly headers: Readonly<Partial<Record<Signal, HeaderAnswer>>>;
    };

/** `failed` where the function threw, or gave no headers. */
export type HeaderAnswer = Readonly<Record<string, string>> | 'failed';

/** Messages from the worker, which writes the ends of items into the ledger itself. */
export type FromWorker =
  /** It works. */
  | { readonly kind: 'ready' }
  /** A heap batch is being sent, or written to disk: a worker that dies from here on may have done it. */
  | { readonly kind: 'taken'; readonly id: number }
  /** A heap batch is settled; its bytes are not needed any more. */
  | { readonly kind: 'freed'; readonly id: number }
  | { readonly kind: 'flushed'; readonly id: number }
  /** Everything is settled and every connection closed. */
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'state';
      readonly exporters: readonly ExporterState[];
      readonly spool?: SpoolStats;
    }
  | {
      readonly kind: 'started';
      readonly exporter: number;
      readonly signal: Signal;
      readonly items: number;
    }
  | { readonly kind: 'ended'; readonly exporter: number; readonly operation: Operation }
  /** Asks the application's function for the headers of a signal's requests. */
  | { readonly kind: 'headers'; readonly id: number; readonly signal: Signal }
  | { readonly kind: 'warning'; readonly cause: string; readonly message: string };

/** One collector, as seen from here. */
export interface ExporterState {
  readonly signals: readonly Signal[];
  /** Its times are in ms since 1970. */
  readonly breaker: BreakerState;
  /** How many requests may be under way. */
  readonly limit: number;
  /** Batches between two attempts. */
  readonly retrying: number;
  /** Why the last attempt failed, while batches wait for another. */
  readonly why?: string;
  /** `PoolStats` of a gRPC collector. */
  readonly connections: Readonly<Record<string, number | string>>;
  /** When the client certificate in use ends, in ms since 1970; absent without one. */
  readonly certificateExpiresAt?: number;
}
