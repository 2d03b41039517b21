import type { LedgerWriter } from '../ledger/ledger-writer.js';
import { SIGNALS, type Signal } from '../wire/model.js';
import type { SpoolEvent } from '../spool/spool.js';
import type { ItemCounts } from '../send/item-counts.js';

const DROP_REASON_OF = {
  evicted: 'spool_full',
  expired: 'spool_expired',
  corrupt: 'spool_corrupt',
} as const;

/** Writes the events of a spool into the ledger. */
export class SpoolLedger {
  readonly #ledger: LedgerWriter;
  /** Spooled by workers before this one, and not found yet. */
  readonly #missing: Record<Signal, number>;

  constructor(ledger: LedgerWriter, inherited: ItemCounts) {
    this.#ledger = ledger;
    this.#missing = { ...inherited };
  }

  hear(event: SpoolEvent): void {
    switch (event.kind) {
      case 'adopted':
        return event.inherited === true ? this.#inherit(event.items) : this.#restore(event.items);
      case 'searched':
        return this.#dropMissing();
      case 'repeated':
        for (const signal of SIGNALS) {
          this.#ledger.possiblyDuplicated(signal, event.items[signal]);
        }
        return;
      case 'evicted':
      case 'expired':
      case 'corrupt':
        for (const signal of SIGNALS) {
          this.#ledger.unspooled(signal, event.items[signal]);
          this.#ledger.dropped(signal, DROP_REASON_OF[event.kind], event.items[signal]);
        }
        return;
      case 'failed':
      case 'healed':
    }
  }

  #restore(items: ItemCounts): void {
    for (const signal of SIGNALS) this.#ledger.restored(signal, items[signal]);
  }

  /** Items beyond those missing were sent before, but the disk does not know it yet. */
  #inherit(items: ItemCounts): void {
    for (const signal of SIGNALS) {
      const known = Math.min(this.#missing[signal], items[signal]);
      this.#missing[signal] -= known;
      this.#ledger.restored(signal, items[signal] - known);
      this.#ledger.possiblyDuplicated(signal, items[signal] - known);
    }
  }

  #dropMissing(): void {
    for (const signal of SIGNALS) {
      this.#ledger.unspooled(signal, this.#missing[signal]);
      this.#ledger.dropped(signal, 'worker_lost', this.#missing[signal]);
      this.#missing[signal] = 0;
    }
  }
}
