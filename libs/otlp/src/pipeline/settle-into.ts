import type { Account } from './account.js';
import type { FromRunner } from './runner-messages.js';

/** Writes what became of a batch into the account. */
export function settleInto(
  account: Account,
  { signal, items, settled }: FromRunner & { readonly kind: 'settled' },
): void {
  switch (settled.kind) {
    case 'accepted':
      return account.accepted(signal, items);
    case 'partial': {
      // What a peer says of our items is bounded by what we sent.
      const rejected = Math.min(items, Math.max(0, settled.rejected));
      account.rejected(signal, 'partial_success', rejected);
      return account.accepted(signal, items - rejected);
    }
    case 'refused':
      return account.rejected(signal, settled.reason, items);
    case 'retry':
      return account.dropped(signal, 'export_failed', items);
    case 'aborted':
      return account.dropped(signal, 'shutdown', items);
    case 'spooled':
  }
}
