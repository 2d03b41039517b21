import type { HeaderValues } from '../transport/headers.js';
import type { Signal } from '../wire/model.js';
import type { FromWorker, HeaderAnswer } from './worker-messages.js';

/** More than can be under way to all collectors. */
const MOST_OPEN = 256;

type LastAnswers = Readonly<Partial<Record<Signal, HeaderAnswer>>>;

interface Question {
  readonly signal: Signal;
  readonly answered: (headers: HeaderAnswer) => void;
}

/** Headers that only a function of the application knows, asked for from wherever the worker is. */
export class HeaderQuestions {
  readonly #emit: (message: FromWorker) => void;
  readonly #open = new Map<number, Question>();
  #last: LastAnswers | undefined;
  #id = 0;

  constructor(emit: (message: FromWorker) => void) {
    this.#emit = emit;
  }

  /** Rejects where the function threw. How long it may take is the asker's business. */
  async ask(signal: Signal): Promise<HeaderValues> {
    const headers = await this.#answerTo(signal);
    if (headers === 'failed') throw new Error('the function for headers failed');
    return headers;
  }

  #answerTo(signal: Signal): HeaderAnswer | Promise<HeaderAnswer> {
    if (this.#last !== undefined) return this.#last[signal] ?? 'failed';
    const id = (this.#id += 1);
    const headers = new Promise<HeaderAnswer>((answered) =>
      this.#open.set(id, { signal, answered }),
    );
    this.#forgetOldest();
    this.#emit({ kind: 'headers', id, signal });
    return headers;
  }

  /** A function that never answers is asked again and again; who asked first gave up long ago. */
  #forgetOldest(): void {
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest);
  }

  /** The functions can answer no more: their last answers serve from now on, also for open questions. */
  alone(last: LastAnswers): void {
    this.#last = last;
    for (const [id, { signal }] of this.#open) this.answer(id, last[signal] ?? 'failed');
  }

  /** Returns whose question it was; undefined for one that is forgotten. */
  answer(id: number, headers: HeaderAnswer): Signal | undefined {
    const question = this.#open.get(id);
    this.#open.delete(id);
    question?.answered(headers);
    return question?.signal;
  }
}
