import type { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Intake } from './intake.js';
import type { Part } from './part.js';

/** TraceFlags.SAMPLED of the API. */
const SAMPLED = 1;
/** SpanStatusCode.ERROR of the API. */
const ERROR: SpanStatusCode = 2;

/** One that cannot even say it goes on to where it is counted. */
const isSampled = (span: ReadableSpan): boolean => {
  try {
    return (span.spanContext().traceFlags & SAMPLED) !== 0;
  } catch {
    return true;
  }
};

export const isErrorSpan = (span: ReadableSpan): boolean => span.status.code === ERROR;

/**
 * Takes each sampled span when it ends: nothing of it is kept but its bytes.
 * Source: trace/sdk.md, "Span processor".
 */
export const createSpanProcessor = (intake: Intake<ReadableSpan>, part: Part): SpanProcessor => ({
  onStart() {},
  onEnd(span) {
    if (isSampled(span)) intake.add(span);
  },
  forceFlush: () => part.flush(),
  shutdown: () => part.shutdown(),
});
