import { INVALID_SPAN_CONTEXT, TraceFlags, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Context, Span, SpanContext, TraceState } from '@opentelemetry/api';
import { SpanIdentity, TraceId } from '@nestlens/otlp';
import { isOwnSpan } from './own-span.js';
import { RANDOM, contextOf, flagsOf, isRandomBelow } from './random-flag.js';
import type { ParentOrigin } from './tracer-metrics.js';

/** The span of contexts in which nothing is traced. All share it. */
export const SUPPRESSED: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** What a new span takes from the span above it: that of a tracer of ours, or anybody's with a valid context. */
export class Parent {
  /** The span above, without objects made of it. */
  private readonly own: SpanIdentity | undefined;
  private readonly other: SpanContext | undefined;
  readonly origin: ParentOrigin;

  private constructor(
    own: SpanIdentity | undefined,
    other: SpanContext | undefined,
    origin: ParentOrigin,
  ) {
    this.own = own;
    this.other = other;
    this.origin = origin;
  }

  /** @throws whatever a context or a span of others throws. */
  static in(context: Context): Parent {
    const span = trace.getSpan(context);
    if (span === undefined) return Parent.none;
    if (isOwnSpan(span)) {
      const { identity } = span;
      // Only generators of the app give IDs as text, and those may be invalid.
      const isValid = identity.hasWords || isSpanContextValid(contextOf(identity));
      return new Parent(isValid ? identity : undefined, undefined, 'local');
    }
    const other = span.spanContext();
    const origin = other.isRemote === true ? 'remote' : 'local';
    return new Parent(undefined, isSpanContextValid(other) ? other : undefined, origin);
  }

  private static readonly none = new Parent(undefined, undefined, 'none');

  /** Whether the new span belongs to a trace that has begun. */
  get isKnown(): boolean {
    return this.own !== undefined || this.other !== undefined;
  }

  get isSampled(): boolean {
    const flags = this.own?.flags ?? this.other?.traceFlags ?? TraceFlags.NONE;
    return (flags & TraceFlags.SAMPLED) !== 0;
  }

  get isRandom(): boolean {
    if (this.own !== undefined) return isRandomBelow(this.own);
    return this.other !== undefined && (flagsOf(this.other) & RANDOM) !== 0;
  }

  get traceState(): TraceState | undefined {
    const { own, other } = this;
    return own === undefined ? other?.traceState : (own.shown ?? own).traceState;
  }

  /** The ID of its trace. Undefined: there is none yet. */
  get traceId(): TraceId | undefined {
    const { own, other } = this;
    if (own === undefined) return other && TraceId.ofText(other.traceId);
    return own.isChanged ? TraceId.ofText(contextOf(own).traceId) : own.trace;
  }

  get identity(): SpanIdentity | undefined {
    return this.own ?? (this.other && SpanIdentity.ofContext(this.other));
  }
}

/** A span that has the context of the one above and records nothing. Never throws. */
export const passedOn = (context: Context): Span => {
  try {
    const above = trace.getSpanContext(context);
    return above === undefined ? SUPPRESSED : trace.wrapSpanContext(above);
  } catch {
    return SUPPRESSED;
  }
};
