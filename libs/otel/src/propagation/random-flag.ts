import { INVALID_TRACEID, trace } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import { RANDOM } from './trace-context.js';

/** The last trace ID of an app's own generator. A span starts in the same turn in which its ID is made. */
let unvouched: string | undefined;

/** Keeps the random flag off traces whose IDs come from `generator`, since nobody knows whether they are random. */
export const unvouchedIds = (generator: IdGenerator): IdGenerator => ({
  generateTraceId: () => (unvouched = generator.generateTraceId()),
  generateSpanId: () => generator.generateSpanId(),
});

/**
 * Gives a new span the random flag of W3C Trace Context Level 2, which the SDK does not know. A span with a parent has
 * its parent's flag. A root has it, since all bits of the SDK's own trace IDs are random. Never throws.
 */
export const keepRandomFlag = (span: Span, parent: Context): Span => {
  const own = span.spanContext();
  const from = trace.getSpanContext(parent);
  // A span that only passes its parent on, and the one of suppressed contexts, which all share.
  if (own === from || own.traceId === INVALID_TRACEID) return span;
  const isRandom =
    from?.traceId === own.traceId ? (from.traceFlags & RANDOM) !== 0 : own.traceId !== unvouched;
  // The tracer of another SDK may hand out contexts that cannot be changed.
  if (isRandom && !Object.isFrozen(own)) own.traceFlags |= RANDOM;
  return span;
};
