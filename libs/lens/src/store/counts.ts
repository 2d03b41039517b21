import { SIGNALS } from '@nestlens/otlp/wire';
import type { Signal } from '@nestlens/otlp/wire';

/**
 * The counts of the items of one signal (spans, log records, metric points). At any moment `received = held + refused
 * + evicted + cleared`.
 */
export interface SignalCounts {
  received: number;
  /** In the store now. */
  held: number;
  /** Left out by admission. */
  refused: number;
  /** Stored, then removed to make room. A span that arrives after its trace was removed counts here too. */
  evicted: number;
  /** Removed by `clear()`. */
  cleared: number;
}

/** The counts of each signal. */
export type CountsBySignal = Readonly<Record<Signal, SignalCounts>>;

export function createCounts(): CountsBySignal {
  return { traces: zero(), metrics: zero(), logs: zero() };
}

export function addCounts(into: CountsBySignal, from: CountsBySignal): void {
  for (const signal of SIGNALS) {
    const sum = into[signal];
    const part = from[signal];
    sum.received += part.received;
    sum.held += part.held;
    sum.refused += part.refused;
    sum.evicted += part.evicted;
    sum.cleared += part.cleared;
  }
}

function zero(): SignalCounts {
  return { received: 0, held: 0, refused: 0, evicted: 0, cleared: 0 };
}
