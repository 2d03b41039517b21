import type { Attributes, HrTime, Link } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanIdentity } from './span-identity.js';

/** The key of {@link FlatSpan}, the same in all copies of this package. */
export const FLAT: unique symbol = Symbol.for('nestlens.flat-span') as never;

/** The attributes of a span in the order in which they were set. */
export interface FlatAttributes {
  /** Each key once. An empty key stands for an `AttributeBlock`, which is the value there. */
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
  /** The attributes as an object, once somebody has asked for that: from then on it counts alone. */
  readonly object: Attributes | undefined;
}

/**
 * A span that the encoder reads without making objects of its attributes, IDs and times. Whatever was asked for as an
 * object may have been changed, and counts in place of the field beside it.
 */
export interface FlatSpan extends ReadableSpan {
  /**
   * The span itself. Read from a proxy, from an object that inherits from the span or from a copy, it is not that
   * object; and a span that was changed as a whole has none. Those are read as any other span.
   */
  readonly [FLAT]: FlatSpan | undefined;
  readonly identity: SpanIdentity;
  readonly parentIdentity: SpanIdentity | undefined;
  readonly flatAttributes: FlatAttributes;
  readonly startSeconds: number;
  readonly startNanos: number;
  readonly endSeconds: number;
  readonly endNanos: number;
  readonly shownStart: HrTime | undefined;
  readonly shownEnd: HrTime | undefined;
  readonly ownEvents: ReadableSpan['events'] | undefined;
  readonly ownLinks: readonly Link[] | undefined;
}

/** The flat form of `span`; undefined for one that has none, and for an object that stands for another span. */
export function flatOf(span: object): FlatSpan | undefined {
  const flat = (span as Partial<FlatSpan>)[FLAT];
  return flat === span ? flat : undefined;
}

/** A processor that asks a span for its flat form first, so that nothing has to be made ready for it. */
export interface FlatSpanProcessor extends SpanProcessor {
  readonly readsFlat?: true;
}
