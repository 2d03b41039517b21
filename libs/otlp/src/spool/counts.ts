import { addItems, noItems, subtractItems, type ItemCounts } from '../send/item-counts.js';
import type { Signal } from '../wire/model.js';

/** The part of `total` that is not gone; never below 0, whatever a damaged file claims. */
export function restOf(total: ItemCounts, gone: ItemCounts): Record<Signal, number> {
  return {
    traces: Math.max(0, total.traces - gone.traces),
    metrics: Math.max(0, total.metrics - gone.metrics),
    logs: Math.max(0, total.logs - gone.logs),
  };
}

/** Why the spool dropped items. */
export type DropReason = 'evicted' | 'expired' | 'corrupt';

/**
 * What happened to everything that was ever in the spool:
 * appended + recovered = acknowledged + evicted + expired + corrupt + held, signal by signal, at any moment.
 */
export interface SpoolStats {
  /** Bytes on disk now, in this process' own directory and in those that it took over. */
  readonly bytes: number;
  /** Files that hold these bytes. */
  readonly segments: number;
  /** Items that are not acknowledged yet. */
  readonly held: ItemCounts;
  /** Age of the oldest held item in ms; 0 when there is none. */
  readonly oldestMs: number;
  /** Records that were taken and not acknowledged. Their items are part of `held`. */
  readonly outstanding: number;
  readonly appended: ItemCounts;
  /** Items of earlier processes that were found on disk. */
  readonly recovered: ItemCounts;
  readonly acknowledged: ItemCounts;
  /** Items that were dropped, oldest first, to stay within `maxBytes`. */
  readonly evicted: ItemCounts;
  /** Items that were dropped because they were older than `maxAgeMs`. */
  readonly expired: ItemCounts;
  /**
   * Items that were dropped because they could not be read, as far as headers count them. `bytes` counts all
   * unreadable bytes.
   */
  readonly corrupt: ItemCounts & { readonly bytes: number };
}

/** The numbers of one spool. Each method keeps the equation of `SpoolStats`. */
export class Counts {
  readonly #held = noItems();
  readonly #appended = noItems();
  readonly #recovered = noItems();
  readonly #acknowledged = noItems();
  readonly #dropped = { evicted: noItems(), expired: noItems(), corrupt: noItems() };
  #bytes = 0;
  #outstanding = 0;
  #corruptBytes = 0;

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  get held(): ItemCounts {
    return this.#held;
  }

  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  removeBytes(bytes: number): void {
    this.#bytes -= bytes;
  }

  appended(items: ItemCounts): void {
    addItems(this.#appended, items);
    addItems(this.#held, items);
  }

  recovered(items: ItemCounts): void {
    addItems(this.#recovered, items);
    addItems(this.#held, items);
  }

  /** One record goes out. */
  leased(): void {
    this.#outstanding += 1;
  }

  /** One record is no longer out, whatever became of it. */
  returned(): void {
    this.#outstanding -= 1;
  }

  acknowledged(signal: Signal, items: number): void {
    this.#acknowledged[signal] += items;
    this.#held[signal] -= items;
  }

  dropped(reason: DropReason, items: ItemCounts): void {
    addItems(this.#dropped[reason], items);
    subtractItems(this.#held, items);
  }

  addCorruptBytes(bytes: number): void {
    this.#corruptBytes += bytes;
  }

  snapshot(): Omit<SpoolStats, 'segments' | 'oldestMs'> {
    const { evicted, expired, corrupt } = this.#dropped;
    return {
      bytes: this.#bytes,
      held: { ...this.#held },
      outstanding: this.#outstanding,
      appended: { ...this.#appended },
      recovered: { ...this.#recovered },
      acknowledged: { ...this.#acknowledged },
      evicted: { ...evicted },
      expired: { ...expired },
      corrupt: { ...corrupt, bytes: this.#corruptBytes },
    };
  }
}
