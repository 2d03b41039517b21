import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { WaitOptions, Wanted } from './arrivals.js';
import type { RecordedMetric } from './on-demand-reader.js';

/**
 * Telemetry that code under test has recorded, in memory. A test with `OtelTestingModule` gets it by
 * `app.get(TestTelemetry)`.
 */
export abstract class TestTelemetry {
  /** Returns ended and sampled spans, in the order of their ends. */
  abstract finishedSpans(): readonly ReadableSpan[];

  /** Returns log records, in the order in which they were emitted. */
  abstract logRecords(): readonly ReadableLogRecord[];

  /**
   * Returns every instrument with at least one point, and calls observable ones. Rejects if a callback throws,
   * or after the end of the recording.
   */
  abstract collectMetrics(): Promise<readonly RecordedMetric[]>;

  /**
   * Resolves with all finished spans as soon as they fulfil `wanted`. Rejects after `timeoutMs` (default: 5000)
   * with `UnmetExpectation`, which prints the spans that ended.
   */
  abstract waitForSpans(
    wanted: Wanted<ReadableSpan>,
    options?: WaitOptions,
  ): Promise<readonly ReadableSpan[]>;

  /** Resolves like `waitForSpans`, for log records. */
  abstract waitForLogRecords(
    wanted: Wanted<ReadableLogRecord>,
    options?: WaitOptions,
  ): Promise<readonly ReadableLogRecord[]>;

  /**
   * Runs the test's own code without telemetry, and returns its result. Without this, a request from the test
   * to the app would be a CLIENT span above the app's span.
   */
  abstract untraced<T>(run: () => T): T;

  /** Removes spans and log records at once, and metrics (unless cumulative) when its promise resolves. */
  abstract reset(): Promise<void>;
}
