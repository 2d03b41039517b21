import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { WaitOptions, Wanted } from './arrivals.js';
import type { RecordedMetric } from './on-demand-reader.js';

/**
 * The telemetry that code under test has recorded, in memory. With `OtelTestingModule` in a test it is a provider:
 * `app.get(TestTelemetry)`.
 */
export abstract class TestTelemetry {
  /** Ended and sampled spans, in the order of their ends. */
  abstract finishedSpans(): readonly ReadableSpan[];

  /** Log records, in the order in which they were emitted. */
  abstract logRecords(): readonly ReadableLogRecord[];

  /**
   * Every instrument with at least one point. Calls observable ones. Rejects if a callback throws, or after the end.
   */
  abstract collectMetrics(): Promise<readonly RecordedMetric[]>;

  /**
   * Resolves with all finished spans as soon as they fulfil `expected`. Rejects with `UnmetExpectation`, which prints
   * the spans that ended, after `timeoutMs` (default: 5000).
   */
  abstract waitForSpans(
    wanted: Wanted<ReadableSpan>,
    options?: WaitOptions,
  ): Promise<readonly ReadableSpan[]>;

  /** Like `waitForSpans`, for log records. */
  abstract waitForLogRecords(
    wanted: Wanted<ReadableLogRecord>,
    options?: WaitOptions,
  ): Promise<readonly ReadableLogRecord[]>;

  /**
   * Runs the test's own code without telemetry, and returns its result. Otherwise a request from the test to the app
   * under test would be a CLIENT span above that of the request.
   */
  abstract untraced<T>(run: () => T): T;

  /** Forgets spans and log records at once, and metrics (unless cumulative) when its promise resolves. */
  abstract reset(): Promise<void>;
}
