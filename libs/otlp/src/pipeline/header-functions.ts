import type { Ledger } from '../ledger/ledger.js';
import type { Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import { askHeaders } from './header-answer.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { HeaderAnswer } from './worker-messages.js';

/** The longest rest. */
const REST_MS = 30_000;

type Functions = ResolvedPipelineOptions['headerFunctions'];
type Waiting = PromiseWithResolvers<HeaderAnswer>;

/**
 * Asks the application's functions for headers, on the application's own loop.
 *
 * A function may wait for something that keeps the process alive, such as a request for a token. A job that is done has
 * to end all the same. So the functions rest after a flush that left something unsent, and questions wait. The rest ends
 * with the next item, the next flush, the shutdown, or after 30 s.
 */
export class HeaderFunctions {
  readonly #functions: Functions;
  readonly #ledger: Pick<Ledger, 'snapshot'>;
  readonly #clock: Clock;
  readonly #waiting = new Map<Signal, Waiting>();
  /** Undefined while the functions are asked. `created` is the number of items when the rest began. */
  #rest: { readonly created: number; readonly cancel: () => void } | undefined;
  #flushes = 0;
  #isEnding = false;

  constructor(functions: Functions, ledger: Pick<Ledger, 'snapshot'>, clock: Clock = systemClock) {
    this.#functions = functions;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Never rejects. */
  ask(signal: Signal): Promise<HeaderAnswer> {
    if (this.#rest !== undefined && this.#rest.created !== this.#created()) this.wake();
    if (this.#rest === undefined) return askHeaders(this.#functions[signal] ?? []);
    const waiting = this.#waiting.get(signal) ?? Promise.withResolvers<HeaderAnswer>();
    this.#waiting.set(signal, waiting);
    return waiting.promise;
  }

  /** Runs a flush. The rest begins after it, if it left something unsent and no other flush goes on. */
  async during<T extends { readonly kind: string }>(flush: () => Promise<T>): Promise<T> {
    this.wake();
    this.#flushes += 1;
    const result = await flush().finally(() => (this.#flushes -= 1));
    if (result.kind !== 'done' && this.#flushes === 0 && !this.#isEnding) {
      const cancel = this.#clock.after(REST_MS, () => this.wake());
      this.#rest = { created: this.#created(), cancel };
    }
    return result;
  }

  /** The shutdown begins: the functions are asked what waits, and do not rest any more. */
  end(): void {
    this.#isEnding = true;
    this.wake();
  }

  #created(): number {
    const counts = this.#ledger.snapshot();
    return SIGNALS.reduce((sum, signal) => sum + counts[signal].created, 0);
  }

  /** Ends the rest, and asks for all signals whose questions wait. */
  wake(): void {
    this.#rest?.cancel();
    this.#rest = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [signal, { resolve }] of waiting) resolve(this.ask(signal));
  }
}
