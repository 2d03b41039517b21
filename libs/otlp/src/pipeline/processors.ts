import type { SeverityNumber, SpanStatusCode } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { FlatSpanProcessor } from '../encode/flat-span.js';
import type { LiveSpans } from '../ledger/live-spans.js';
import type { ItemAppender } from './item-appender.js';

/** Flush and shutdown of the pipeline, as the SDK asks for them on behalf of one signal. Neither rejects. */
export interface SignalLifecycle {
  /** Resolves when everything taken so far is settled, or at the deadline. */
  flush(): Promise<void>;
  /** Takes nothing more, then flushes. The last signal to be shut down closes the pipeline. */
  shutdown(): Promise<void>;
}

/** SpanStatusCode.ERROR of the API. */
const SPAN_ERROR: SpanStatusCode = 2;

export function isErrorSpan(span: ReadableSpan): boolean {
  return span.status.code === SPAN_ERROR;
}

/**
 * Takes each sampled span when it ends: nothing of it is kept but its bytes.
 * Source: trace/sdk.md, "Span processor".
 */
export function createSpanProcessor(
  appender: ItemAppender<ReadableSpan>,
  live: LiveSpans,
  lifecycle: SignalLifecycle,
): FlatSpanProcessor {
  return {
    readsFlat: true,
    onStart: (span) => live.started(span),
    onEnd(span) {
      if (live.ended(span)) appender.add(span);
    },
    forceFlush: () => lifecycle.flush(),
    shutdown: () => lifecycle.shutdown(),
  };
}

/** The first number of severity ERROR. Source: logs/data-model.md, "SeverityNumber". */
const LOG_ERROR: SeverityNumber = 17;

export function isErrorRecord(record: ReadableLogRecord): boolean {
  return (record.severityNumber ?? 0) >= LOG_ERROR;
}

/** Takes each record when it is emitted. Source: logs/sdk.md, "LogRecordProcessor". */
export function createLogRecordProcessor(
  appender: ItemAppender<ReadableLogRecord>,
  lifecycle: SignalLifecycle,
): LogRecordProcessor {
  return {
    onEmit: (record) => appender.add(record),
    forceFlush: () => lifecycle.flush(),
    shutdown: () => lifecycle.shutdown(),
  };
}
