import type { Context } from '@opentelemetry/api';
import type { Span as SdkSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { FlatSpanProcessor } from '@nestlens/otlp';
import { warnOfFault } from '../faults/fault-log.js';

/** Rejects when `timeoutMs` have passed, or as `work` does. */
const within = async (timeoutMs: number, work: () => Promise<void>): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = (): void =>
    reject(new Error(`A span processor did not flush within ${timeoutMs} ms`));
  const timer = setTimeout(late, timeoutMs);
  try {
    await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** The processors of a provider, in their order. What one of them throws reaches neither the app nor another one. */
export class SpanProcessors {
  readonly #all: readonly FlatSpanProcessor[];
  readonly #ending: readonly SpanProcessor[];
  /** False: one of them may read or copy a span in any way, as if it were the SDK's. */
  readonly readFlat: boolean;
  #shutdown: Promise<void> | undefined;

  constructor(all: readonly FlatSpanProcessor[]) {
    this.#all = [...all];
    this.#ending = this.#all.filter((processor) => typeof processor.onEnding === 'function');
    this.readFlat = this.#all.every(({ readsFlat }) => readsFlat === true);
  }

  onStart(span: SdkSpan, context: Context): void {
    for (const processor of this.#all) {
      try {
        processor.onStart(span, context);
      } catch (error) {
        warnOfFault('A span processor failed at the start of a span', error);
      }
    }
  }

  onEnding(span: SdkSpan): void {
    for (const processor of this.#ending) {
      try {
        processor.onEnding?.(span);
      } catch (error) {
        warnOfFault('A span processor failed before the end of a span', error);
      }
    }
  }

  onEnd(span: SdkSpan): void {
    for (const processor of this.#all) {
      try {
        processor.onEnd(span);
      } catch (error) {
        warnOfFault('A span processor failed at the end of a span', error);
      }
    }
  }

  /** Rejects with all errors, once each processor has flushed, failed or taken `timeoutMs`. */
  async forceFlush(timeoutMs: number): Promise<void> {
    const flushed = await Promise.allSettled(
      this.#all.map((processor) => within(timeoutMs, async () => processor.forceFlush())),
    );
    const errors = flushed.flatMap((each) =>
      each.status === 'rejected' ? [each.reason as unknown] : [],
    );
    if (errors.length > 0) throw new AggregateError(errors, 'Not all span processors flushed');
  }

  /** Once; rejects as the first processor that does. */
  shutdown(): Promise<void> {
    this.#shutdown ??= Promise.all(this.#all.map(async (processor) => processor.shutdown())).then(
      () => undefined,
    );
    return this.#shutdown;
  }
}
