import type { Batch, Clock } from '../send/sender.js';
import type { Signal } from '../wire/model.js';
import { goesInOrder } from '../layers/send-queue.js';
import type { Lane, Lanes, Overflow } from './lane.js';

/** A disk that takes longer to open is one that hangs. */
const PATIENCE_MS = 5000;

/**
 * In place of a spool that is being opened. What comes meanwhile waits for it, but not for ever: everything where all is to be
 * on disk before it is sent, otherwise what goes in order, since there may be older ones in the spool.
 */
export class OpeningOverflow implements Overflow {
  readonly #opened: Promise<Overflow | undefined>;
  readonly #lanes: Lanes;
  readonly #isDurable: boolean;
  #waiting = true;

  /** `opening` does not reject. */
  constructor(
    opening: Promise<Overflow | undefined>,
    clock: Clock,
    lanes: Lanes,
    isDurable: boolean,
  ) {
    this.#lanes = lanes;
    this.#isDurable = isDurable;
    const impatient = Promise.withResolvers<undefined>();
    const cancel = clock.after(PATIENCE_MS, () => {
      this.#waiting = false;
      impatient.resolve(undefined);
    });
    this.#opened = Promise.race([opening, impatient.promise]).finally(cancel);
  }

  wants(_lane: Lane, signal: Signal): boolean {
    return this.#waiting && (this.#isDurable || goesInOrder(signal));
  }

  isBehind(): boolean {
    return false;
  }

  async take(batch: Batch): Promise<boolean> {
    const opened = await this.#opened;
    const lane = this.#lanes.of[batch.signal];
    if (opened === undefined || lane === undefined) return false;
    return opened.wants(lane, batch.signal) && opened.take(batch);
  }

  /** Resolves when what waited has been handed on, in its order. */
  async handedOn(): Promise<void> {
    await this.#opened;
  }
}
