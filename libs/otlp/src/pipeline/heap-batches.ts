import { noItems, type ItemCounts } from '../send/item-counts.js';
import type { HeapBatch } from './heap-queue.js';

/** The heap batches that are not settled, and which of them a worker has in hand. */
export class HeapBatches implements Iterable<HeapBatch> {
  readonly #batches = new Map<number, HeapBatch>();
  /** Ids of the batches that the worker has in hand. */
  readonly #taken = new Set<number>();

  get bytes(): number {
    let bytes = 0;
    for (const batch of this) bytes += batch.bytes;
    return bytes;
  }

  [Symbol.iterator](): IterableIterator<HeapBatch> {
    return this.#batches.values();
  }

  add(batch: HeapBatch): void {
    this.#batches.set(batch.id, batch);
  }

  /** The worker sends the batch, or writes it to disk. */
  taken(id: number): void {
    this.#taken.add(id);
  }

  settled(id: number): void {
    this.#batches.delete(id);
    this.#taken.delete(id);
  }

  /** Items of the batches that the worker has in hand. */
  inHand(): ItemCounts {
    const items = noItems();
    for (const id of this.#taken) {
      const batch = this.#batches.get(id);
      if (batch !== undefined) items[batch.signal] += batch.items;
    }
    return items;
  }

  /** The worker is gone: its batches wait again. Returns their items, which may arrive twice. */
  reclaim(): ItemCounts {
    const items = this.inHand();
    this.#taken.clear();
    return items;
  }

  /** Gives all batches to the caller. Only while no worker has any. */
  removeAll(): HeapBatch[] {
    const batches = [...this];
    this.#batches.clear();
    return batches;
  }
}
