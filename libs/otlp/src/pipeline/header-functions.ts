import type { Ledger } from '../ledger/ledger.js';
import type { Clock } from '../send/sender.js';
import { systemClock } from '../send/sender.js';
import { SIGNALS } from '../wire/model.js';
import type { Signal } from '../wire/model.js';
import { askHeaders } from './header-answer.js';
import type { ResolvedPipelineOptions } from './pipeline-options.js';
import type { HeaderAnswer } from './worker-messages.js';

/** Longest that nobody is asked. */
const REST_MS = 30_000;

type Functions = ResolvedPipelineOptions['headerFunctions'];
type Waiting = PromiseWithResolvers<HeaderAnswer>;

/**
 * The application's functions for headers, asked on its own loop. What a function waits for, such as a request for a
 * token, keeps the process alive. So after a flush that did not get all out nobody is asked, and questions wait, until
 * something more is made, the next flush or shutdown begins, or 30 s have passed: a job that has done what it could has
 * to end.
 */
export class HeaderFunctions {
  readonly #functions: Functions;
  readonly #ledger: Pick<Ledger, 'snapshot'>;
  readonly #clock: Clock;
  readonly #waiting = new Map<Signal, Waiting>();
  #rest: { readonly made: number; readonly cancel: () => void } | undefined;
  #flushes = 0;
  #isEnding = false;

  constructor(functions: Functions, ledger: Pick<Ledger, 'snapshot'>, clock: Clock = systemClock) {
    this.#functions = functions;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Never rejects. */
  ask(signal: Signal): Promise<HeaderAnswer> {
    if (this.#rest !== undefined && this.#rest.made !== this.#made()) this.wake();
    if (this.#rest === undefined) return askHeaders(this.#functions[signal] ?? []);
    const waiting = this.#waiting.get(signal) ?? Promise.withResolvers<HeaderAnswer>();
    this.#waiting.set(signal, waiting);
    return waiting.promise;
  }

  /** A flush: where something is left after it, and no other goes on, nobody is asked. */
  async during<T extends { readonly kind: string }>(flush: () => Promise<T>): Promise<T> {
    this.wake();
    this.#flushes += 1;
    const result = await flush().finally(() => (this.#flushes -= 1));
    if (result.kind !== 'done' && this.#flushes === 0 && !this.#isEnding) {
      const cancel = this.#clock.after(REST_MS, () => this.wake());
      this.#rest = { made: this.#made(), cancel };
    }
    return result;
  }

  /** The shutdown: all that waits is asked for, and a flush that ends later stops nothing any more. */
  end(): void {
    this.#isEnding = true;
    this.wake();
  }

  #made(): number {
    const counts = this.#ledger.snapshot();
    return SIGNALS.reduce((sum, signal) => sum + counts[signal].created, 0);
  }

  /** Asks for all that waits. */
  wake(): void {
    this.#rest?.cancel();
    this.#rest = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [signal, { resolve }] of waiting) resolve(this.ask(signal));
  }
}
