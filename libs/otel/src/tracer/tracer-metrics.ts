import type { MeterProvider, ObservableResult } from '@opentelemetry/api';
import type { SamplingDecision } from '@opentelemetry/sdk-trace';

const ATTR_PARENT_ORIGIN = 'otel.span.parent.origin';
const ATTR_SAMPLING_RESULT = 'otel.span.sampling_result';
const UNIT = '{span}';

/** Where the parent of a span is. */
export type ParentOrigin = 'none' | 'remote' | 'local';

const ORIGINS: readonly ParentOrigin[] = ['none', 'remote', 'local'];
/** By SamplingDecision. */
const RESULTS = ['DROP', 'RECORD_ONLY', 'RECORD_AND_SAMPLE'] as const;

const observeAll = (
  counts: readonly number[],
  result: ObservableResult,
  attributesAt: (index: number) => Record<string, string>,
): void => {
  for (const [index, count] of counts.entries()) {
    if (count >= 0) result.observe(count, attributesAt(index));
  }
};

/**
 * `otel.sdk.span.started` and `otel.sdk.span.live` of one provider. They are counted in numbers and read when metrics are
 * collected, so that a span costs two additions. Source: semantic conventions, "OpenTelemetry SDK metrics".
 */
export class TracerMetrics {
  /** By decision and origin; -1 for what never was. */
  readonly #started = Array.from({ length: RESULTS.length * ORIGINS.length }, () => -1);
  readonly #live = Array.from({ length: RESULTS.length }, () => -1);

  constructor(meterProvider: MeterProvider) {
    const meter = meterProvider.getMeter('@nestlens/otel');
    meter
      .createObservableCounter('otel.sdk.span.started', {
        unit: UNIT,
        description: 'The number of created spans.',
      })
      .addCallback((result) =>
        observeAll(this.#started, result, (index) => ({
          [ATTR_PARENT_ORIGIN]: ORIGINS[index % ORIGINS.length]!,
          [ATTR_SAMPLING_RESULT]: RESULTS[Math.floor(index / ORIGINS.length)]!,
        })),
      );
    meter
      .createObservableUpDownCounter('otel.sdk.span.live', {
        unit: UNIT,
        description: 'The number of currently live spans.',
      })
      .addCallback((result) =>
        observeAll(this.#live, result, (index) => ({ [ATTR_SAMPLING_RESULT]: RESULTS[index]! })),
      );
  }

  started(origin: ParentOrigin, decision: SamplingDecision): void {
    add(this.#started, decision * ORIGINS.length + ORIGINS.indexOf(origin), 1);
    if (decision > 0) add(this.#live, decision, 1);
  }

  ended(decision: SamplingDecision): void {
    add(this.#live, decision, -1);
  }
}

const add = (counts: number[], index: number, more: number): void => {
  counts[index] = Math.max(0, counts[index] ?? 0) + more;
};
