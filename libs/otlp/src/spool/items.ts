import type { Signal } from '../wire/model.js';

/** Spans, data points and log records. */
export type Items = Readonly<Record<Signal, number>>;

/** The same while it is being counted. */
export type Tally = Record<Signal, number>;

export const SIGNALS: readonly Signal[] = ['traces', 'metrics', 'logs'];

export const noItems = (): Tally => ({ traces: 0, metrics: 0, logs: 0 });

export function addItems(to: Tally, items: Items): void {
  for (const signal of SIGNALS) to[signal] += items[signal];
}

export function subtractItems(from: Tally, items: Items): void {
  for (const signal of SIGNALS) from[signal] -= items[signal];
}

export const countItems = (items: Items): number => items.traces + items.metrics + items.logs;

/** What is left of `total`; never below 0, whatever a damaged file claims. */
export function restOf(total: Items, gone: Items): Tally {
  const rest = noItems();
  for (const signal of SIGNALS) rest[signal] = Math.max(0, total[signal] - gone[signal]);
  return rest;
}
