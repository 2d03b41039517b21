import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Subject } from './subjects.ts';

/** Gives ready spans to a subject, and starts again with the first after the last. */
export class Feed {
  fed = 0;
  readonly #subject: Subject;
  readonly #spans: readonly ReadableSpan[];
  #next = 0;

  constructor(subject: Subject, spans: readonly ReadableSpan[]) {
    this.#subject = subject;
    this.#spans = spans;
  }

  give(count: number): void {
    const { processor } = this.#subject;
    for (let given = 0; given < count; given += 1) {
      const span = this.#spans[this.#next];
      if (span !== undefined) processor.onEnd(span);
      this.#next = this.#next + 1 === this.#spans.length ? 0 : this.#next + 1;
    }
    this.fed += count;
  }

  /** Resolves when every span is acknowledged. Throws if one is not. */
  async settle(): Promise<void> {
    await this.#subject.settled();
    const accepted = this.#subject.accepted();
    if (accepted !== this.fed) throw new Error(`${this.fed} spans given, ${accepted} accepted`);
  }
}
