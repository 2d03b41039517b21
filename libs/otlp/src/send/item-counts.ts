import { SIGNALS, type Signal } from '../wire/model.js';

/** The number of items of each signal: spans, data points and log records. */
export type ItemCounts = Readonly<Record<Signal, number>>;

/** Counts that begin at 0 and are still being added to. */
export function noItems(): Record<Signal, number> {
  return { traces: 0, metrics: 0, logs: 0 };
}

export function addItems(to: Record<Signal, number>, items: ItemCounts): void {
  to.traces += items.traces;
  to.metrics += items.metrics;
  to.logs += items.logs;
}

export function subtractItems(from: Record<Signal, number>, items: ItemCounts): void {
  from.traces -= items.traces;
  from.metrics -= items.metrics;
  from.logs -= items.logs;
}

export function countItems(items: ItemCounts): number {
  return items.traces + items.metrics + items.logs;
}

export function hasItems(items: ItemCounts): boolean {
  return SIGNALS.some((signal) => items[signal] > 0);
}
