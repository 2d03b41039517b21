import type { Batch, Clock } from '../send/sender.js';
import type { Lane, Overflow } from './lane.js';

/** A disk that takes longer to open is one that hangs. */
const PATIENCE_MS = 5000;

/**
 * In place of a spool that is being opened, where everything is to be on disk before it is sent: what comes meanwhile
 * waits for it, but not for ever.
 */
export class OpeningOverflow implements Overflow {
  readonly #opened: Promise<Overflow | undefined>;
  #waiting = true;

  /** `opening` does not reject. */
  constructor(opening: Promise<Overflow | undefined>, clock: Clock) {
    const impatient = Promise.withResolvers<undefined>();
    const cancel = clock.after(PATIENCE_MS, () => {
      this.#waiting = false;
      impatient.resolve(undefined);
    });
    this.#opened = Promise.race([opening, impatient.promise]).finally(cancel);
  }

  wants(_lane: Lane): boolean {
    return this.#waiting;
  }

  async take(batch: Batch): Promise<boolean> {
    return (await (await this.#opened)?.take(batch)) ?? false;
  }

  /** Resolves when what waited has been handed on, in its order. */
  async handedOn(): Promise<void> {
    await this.#opened;
  }
}
