import type { Signal } from '../wire/model.js';

/** Spans, data points and log records. */
export type Items = Readonly<Record<Signal, number>>;

/** The same while it is being counted. */
export type Tally = Record<Signal, number>;

export const noItems = (): Tally => ({ traces: 0, metrics: 0, logs: 0 });

export function addItems(to: Tally, items: Items): void {
  to.traces += items.traces;
  to.metrics += items.metrics;
  to.logs += items.logs;
}

export function subtractItems(from: Tally, items: Items): void {
  from.traces -= items.traces;
  from.metrics -= items.metrics;
  from.logs -= items.logs;
}

export const countItems = (items: Items): number => items.traces + items.metrics + items.logs;

/** What is left of `total`; never below 0, whatever a damaged file claims. */
export const restOf = (total: Items, gone: Items): Tally => ({
  traces: Math.max(0, total.traces - gone.traces),
  metrics: Math.max(0, total.metrics - gone.metrics),
  logs: Math.max(0, total.logs - gone.logs),
});
