import type { Batch, Clock } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import { goesInOrder } from '../layers/send-queue.js';
import type { Exporter, Exporters, Overflow } from './exporter.js';

/** A disk that takes longer to open is one that hangs. */
const PATIENCE_MS = 5000;

/**
 * Stands in for a spool that is being opened. Batches that come meanwhile wait for it, but not for ever: all of them where
 * everything is to be on disk first, otherwise those that go in order, since the spool may hold older ones.
 */
export class OpeningOverflow implements Overflow {
  readonly #opened: Promise<Overflow | undefined>;
  readonly #exporters: Exporters;
  readonly #isDurable: boolean;
  #waiting = true;

  /** `opening` does not reject. */
  constructor(
    opening: Promise<Overflow | undefined>,
    clock: Clock,
    exporters: Exporters,
    isDurable: boolean,
  ) {
    this.#exporters = exporters;
    this.#isDurable = isDurable;
    const impatient = Promise.withResolvers<undefined>();
    const cancel = clock.after(PATIENCE_MS, () => {
      this.#waiting = false;
      impatient.resolve(undefined);
    });
    this.#opened = Promise.race([opening, impatient.promise]).finally(cancel);
  }

  wants(_exporter: Exporter, signal: Signal): boolean {
    return this.#waiting && (this.#isDurable || goesInOrder(signal));
  }

  isBehind(): boolean {
    return false;
  }

  async take(batch: Batch): Promise<boolean> {
    const opened = await this.#opened;
    const exporter = this.#exporters.of[batch.signal];
    if (opened === undefined || exporter === undefined) return false;
    return opened.wants(exporter, batch.signal) && opened.take(batch);
  }

  /** Resolves when what waited has been handed on, in its order. */
  async handedOn(): Promise<void> {
    await this.#opened;
  }
}
