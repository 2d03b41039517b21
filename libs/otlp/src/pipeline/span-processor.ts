import type { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { LiveSpans } from '../ledger/live-spans.js';
import type { Intake } from './intake.js';
import type { Part } from './part.js';

/** SpanStatusCode.ERROR of the API. */
const ERROR: SpanStatusCode = 2;

export const isErrorSpan = (span: ReadableSpan): boolean => span.status.code === ERROR;

/**
 * Takes each sampled span when it ends: nothing of it is kept but its bytes.
 * Source: trace/sdk.md, "Span processor".
 */
export const createSpanProcessor = (
  intake: Intake<ReadableSpan>,
  live: LiveSpans,
  part: Part,
): SpanProcessor => ({
  onStart: (span) => live.started(span),
  onEnd(span) {
    if (live.ended(span)) intake.add(span);
  },
  forceFlush: () => part.flush(),
  shutdown: () => part.shutdown(),
});
