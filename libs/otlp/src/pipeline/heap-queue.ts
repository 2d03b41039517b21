import type { Batch } from '../send/sender.js';
import type { Signal } from '../wire/model.js';

/** A batch outside the slabs: encoded in one piece, such as a collection of metrics. */
export interface HeapBatch extends Batch {
  /** Grows with each. */
  readonly id: number;
}

export function isHeapBatch(batch: Batch): batch is HeapBatch {
  return 'id' in batch;
}

/** Heap batches that the worker was given, oldest first. */
export class HeapQueue {
  readonly #waiting: HeapBatch[] = [];
  readonly #unsettled = new Set<number>();

  add(batch: HeapBatch): void {
    this.#waiting.push(batch);
    this.#unsettled.add(batch.id);
  }

  /** The oldest of a signal. */
  take(signal: Signal): HeapBatch | undefined {
    const at = this.#waiting.findIndex((batch) => batch.signal === signal);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }

  /** A taken batch waits again, in its old place. */
  putBack(batch: HeapBatch): void {
    const at = this.#waiting.findIndex(({ id }) => id > batch.id);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, batch);
  }

  settled({ id }: HeapBatch): void {
    this.#unsettled.delete(id);
  }

  /** Waiting batches of these signals. */
  count(signals: readonly Signal[]): number {
    let count = 0;
    for (const { signal } of this.#waiting) if (signals.includes(signal)) count += 1;
    return count;
  }

  /** All batches with a smaller id are settled. */
  isSettledBefore(id: number): boolean {
    for (const unsettled of this.#unsettled) if (unsettled < id) return false;
    return true;
  }
}
