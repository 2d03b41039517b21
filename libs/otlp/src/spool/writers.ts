import type { Signal } from '../wire/model.js';
import { SIGNALS } from '../wire/model.js';
import type { Journal } from './journal.js';
import type { Surroundings } from './surroundings.js';
import { Writer } from './writer.js';

/** One for each signal: a file of what nobody takes for hours holds nothing else back, and can stay alone. */
export class Writers {
  readonly #bySignal: ReadonlyMap<Signal, Writer>;

  /** As of `Writer`. */
  constructor(
    around: Surroundings,
    journal: Journal,
    onFailure: (code: string, bytes: number) => void,
    makeRoom: () => Promise<void>,
  ) {
    this.#bySignal = new Map(
      SIGNALS.map((signal) => [signal, new Writer(around, journal, onFailure, makeRoom)]),
    );
  }

  get waitingBytes(): number {
    return this.#all.reduce((sum, writer) => sum + writer.waitingBytes, 0);
  }

  /** Of the one that is stuck for longest, in ms. */
  get stuckMs(): number {
    return Math.max(...this.#all.map((writer) => writer.stuckMs));
  }

  of(signal: Signal): Writer {
    return this.#bySignal.get(signal)!;
  }

  retireIfDone(): void {
    for (const writer of this.#all) writer.retireIfDone();
  }

  /** Ends the present segments that nobody writes to, so that they can be evicted. False where there is none. */
  retireIdle(): boolean {
    return this.#all.filter((writer) => writer.retireIfIdle()).length > 0;
  }

  async sync(): Promise<void> {
    await Promise.all(this.#all.map((writer) => writer.sync()));
  }

  /** None is left out for what another fails of. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#all.map((writer) => writer.close()));
  }

  get #all(): readonly Writer[] {
    return [...this.#bySignal.values()];
  }
}
