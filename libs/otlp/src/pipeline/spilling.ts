import { goesInOrder } from '../layers/send-queue.js';
import type { Batch } from '../send/sender.js';
import type { Overflow } from './exporter.js';

/** The batches on their way to disk. */
export class Spilling {
  readonly #onError: (error: unknown) => void;
  #count = 0;
  /** Those of them whose signal goes in order. */
  #ordered = 0;

  /** `onError` gets what an overflow throws against its contract. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get isIdle(): boolean {
    return this.#count === 0;
  }

  get isOrdered(): boolean {
    return this.#ordered > 0;
  }

  /** Calls `told` in the turn in which the next batch may go. Never rejects. */
  async take(
    batch: Batch,
    overflow: Overflow | undefined,
    told: (isTaken: boolean) => void,
  ): Promise<void> {
    const ordered = goesInOrder(batch.signal) ? 1 : 0;
    this.#count += 1;
    this.#ordered += ordered;
    const isTaken = await this.#isTaken(batch, overflow);
    this.#count -= 1;
    this.#ordered -= ordered;
    try {
      told(isTaken);
    } catch (error) {
      this.#onError(error);
    }
  }

  async #isTaken(batch: Batch, overflow: Overflow | undefined): Promise<boolean> {
    try {
      return (await overflow?.take(batch)) === true;
    } catch (error) {
      // The batch is not on disk, and must not be lost for that.
      this.#onError(error);
      return false;
    }
  }
}
