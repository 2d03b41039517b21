import type { Signal } from '../wire/model.js';
import type { Outcome } from './outcome.js';
import type { Trail } from './trail.js';

/** Encoded telemetry of one signal that travels in one request: its body is the chunks, one after the other. */
export interface Batch {
  readonly signal: Signal;
  /** Spans, log records or data points. */
  readonly items: number;
  readonly bytes: number;
  /** Views of shared slabs or of the spool; nobody may write to them or keep them after the send. */
  readonly chunks: readonly Uint8Array[];
  /** A process that has ended may have sent it. */
  readonly isDoubtful?: boolean;
}

/**
 * One stage on the way to the collector. `send` never rejects, and settles soon after `signal` aborts (with `retry`,
 * reason `aborted`). `close` is safe twice, and resolves when nothing of the stage is open; afterwards `send` returns
 * `refused`, reason `closed`.
 */
export interface Sender {
  /** `trail` is written to on the way. Default: a new one, which nobody reads. */
  send(batch: Batch, signal: AbortSignal, trail?: Trail): Promise<Outcome>;
  close(): Promise<void>;
}

/** A sender below a layer, which has to hand the trail on. */
export interface Next {
  send(batch: Batch, signal: AbortSignal, trail: Trail | undefined): Promise<Outcome>;
  close(): Promise<void>;
}

/** Wraps a sender in one more concern. Closing the result closes the wrapped sender. */
export type Layer = (next: Next) => Sender;

/** Wraps `sender` in `layers`, the first of them outermost. Closing the stack closes all of it. */
export function stack(layers: readonly Layer[], sender: Sender): Sender {
  return layers.reduceRight((next, layer) => layer(next), sender);
}

/** What everything that waits or measures takes instead of the globals, so that specs can move time. @internal */
export interface Clock {
  /** Monotonic, in ms. */
  now(): number;
  /** Returns how to cancel it. Never keeps the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** The real time. @internal */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
