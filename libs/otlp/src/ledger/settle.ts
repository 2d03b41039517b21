import type { Outcome } from '../send/outcome.js';
import type { Signal } from '../wire/model.js';
import type { LedgerWriter } from './ledger-writer.js';

/** The end of an operation; an `Operation` of the observe layer is one. */
interface Settled {
  readonly signal: Signal;
  readonly items: number;
  readonly possibleDuplicate?: boolean;
  readonly outcome: Outcome;
}

/**
 * Counts the outcome of a send. Returns false while the items are not settled: after `retry` the caller spools or
 * drops them and counts that. An impossible number of rejected items is taken as the nearest possible one.
 * `refused` for `closed` or `too_large` is our own doing and counts as dropped, not as rejected.
 */
export function settle(
  writer: LedgerWriter,
  { signal, items, possibleDuplicate = false, outcome }: Settled,
): boolean {
  if (possibleDuplicate) writer.possiblyDuplicated(signal, items);
  switch (outcome.kind) {
    case 'accepted':
      writer.accepted(signal, items);
      return true;
    case 'partial': {
      const rejected = Math.trunc(Math.min(items, Math.max(0, outcome.rejected || 0)));
      writer.rejected(signal, rejected);
      writer.accepted(signal, items - rejected);
      return true;
    }
    case 'refused':
      countRefused(writer, signal, outcome.reason, items);
      return true;
    case 'retry':
      return false;
  }
}

function countRefused(writer: LedgerWriter, signal: Signal, reason: string, items: number): void {
  if (reason === 'closed') writer.dropped(signal, 'already_shutdown', items);
  else if (reason === 'too_large') writer.dropped(signal, 'too_large', items);
  else writer.rejected(signal, items);
}
