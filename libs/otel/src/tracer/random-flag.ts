import { INVALID_TRACEID, TraceFlags, trace } from '@opentelemetry/api';
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';
import type { SpanIdentity } from '@nestlens/otlp';

/** The trace ID is random (W3C Trace Context Level 2, section 3.2.2.5.2). */
export const RANDOM = 0b10;

/** The last trace ID that an app's own generator made. A span starts in the same turn as its ID is made. */
let unvouched: string | undefined;

/** Keeps the random flag off traces with IDs from `generator`, since these IDs may not be random. */
export const unvouchedIds = (generator: IdGenerator): IdGenerator => ({
  generateTraceId: () => (unvouched = generator.generateTraceId()),
  generateSpanId: () => generator.generateSpanId(),
});

let isShown = true;
/** Contexts of spans that have the flag and do not show it. */
const hidden = new WeakSet<SpanContext>();

/**
 * Whether spans show the random flag, or only the headers that leave. Spans must not show it if another SDK holds the
 * API's tracers: @sentry/node 8 and 10 read a parent with flags other than 1 as not sampled, and drop all spans below
 * it. [run: 10.78.0, read: 8.55.0]
 */
export const showRandomFlag = (shown: boolean): void => {
  isShown = shown;
};

/** The flags of `span` as they leave the process. */
export const flagsOf = (span: SpanContext): number =>
  isShown || !hidden.has(span) ? span.traceFlags : span.traceFlags | RANDOM;

/** The flags of a new span of our own tracer: what it shows, and what leaves the process besides. */
export const shownFlags = (sampled: boolean, isRandom: boolean): number =>
  (sampled ? TraceFlags.SAMPLED : TraceFlags.NONE) | (isRandom && isShown ? RANDOM : 0);

export const hiddenFlags = (isRandom: boolean): number => (isRandom && !isShown ? RANDOM : 0);

/** The context of a span of our own tracer, with the flags that it does not show. */
export const contextOf = (identity: SpanIdentity): SpanContext => {
  if (identity.shown !== undefined) return identity.shown;
  const context = identity.context();
  if (identity.hiddenFlags !== 0) hidden.add(context);
  return context;
};

/** Whether the trace ID of `parent`, which its children have too, is random. */
export const isRandomBelow = (parent: SpanIdentity): boolean => {
  const { shown, hiddenFlags: more, flags } = parent;
  return ((shown === undefined ? flags | more : flagsOf(shown)) & RANDOM) !== 0;
};

/**
 * Gives a new span of another tracer the random flag of W3C Trace Context Level 2, which the SDK does not know. A span with a parent has
 * its parent's flag. A root has it, since all bits of the SDK's own trace IDs are random. Never throws.
 */
export const keepRandomFlag = (span: Span, parent: Context): Span => {
  const own = span.spanContext();
  const from = trace.getSpanContext(parent);
  // A span that only passes its parent on, and the one of suppressed contexts, which all share.
  if (own === from || own.traceId === INVALID_TRACEID) return span;
  const isRandom =
    from?.traceId === own.traceId ? (flagsOf(from) & RANDOM) !== 0 : own.traceId !== unvouched;
  if (!isRandom) return span;
  if (!isShown) hidden.add(own);
  // The tracer of another SDK may hand out contexts that cannot be changed.
  else if (!Object.isFrozen(own)) own.traceFlags |= RANDOM;
  return span;
};
