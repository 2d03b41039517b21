import type { HeaderValues } from '../transport/headers.js';
import type { Signal } from '../wire/model.js';
import type { FromRunner, HeaderAnswer } from './runner-messages.js';

/** More than can be under way to all collectors. */
const MOST_OPEN = 256;

/** Headers that only a function of the application knows, asked for from wherever the runner is. */
export class HeaderQuestions {
  readonly #emit: (message: FromRunner) => void;
  readonly #open = new Map<number, (headers: HeaderAnswer) => void>();
  #last: Readonly<Partial<Record<Signal, HeaderAnswer>>> | undefined;
  #id = 0;

  constructor(emit: (message: FromRunner) => void) {
    this.#emit = emit;
  }

  /** Rejects where the function threw. How long it may take is the asker's business. */
  async ask(signal: Signal): Promise<HeaderValues> {
    const last = this.#last?.[signal];
    if (last !== undefined && last !== 'failed') return last;
    const id = (this.#id += 1);
    const answered = new Promise<HeaderAnswer>((resolve) => this.#open.set(id, resolve));
    this.#forgetOldest();
    this.#emit({ kind: 'headers', id, signal });
    const headers = await answered;
    if (headers === 'failed') throw new Error('the function for headers failed');
    return headers;
  }

  /** A function that never answers is asked again and again; who asked first gave up long ago. */
  #forgetOldest(): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest);
  }

  /** The asked can answer no more: from now on their last answers serve. */
  alone(last: Readonly<Partial<Record<Signal, HeaderAnswer>>>): void {
    this.#last = last;
  }

  answer(id: number, headers: HeaderAnswer): void {
    this.#open.get(id)?.(headers);
    this.#open.delete(id);
  }
}
