import { TraceFlags, isSpanContextValid } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import { RecordingSpan } from './recording-span.js';
import { UnrecordedSpan } from './unrecorded-span.js';

type OwnSpan = RecordingSpan | UnrecordedSpan;

/** Whether `span` was made by a tracer of ours. */
export const isOwnSpan = (span: Span): span is OwnSpan =>
  span instanceof RecordingSpan || span instanceof UnrecordedSpan;

/** True for a span that a sampler has left out. A span that nothing stands behind, which has no valid context, is none. */
export const isLeftOut = (span: Span): boolean => {
  if (span instanceof UnrecordedSpan) return true;
  if (span instanceof RecordingSpan) return (span.identity.flags & TraceFlags.SAMPLED) === 0;
  const context = span.spanContext();
  return (context.traceFlags & TraceFlags.SAMPLED) === 0 && isSpanContextValid(context);
};
