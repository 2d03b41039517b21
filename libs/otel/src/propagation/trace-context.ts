import { isSpanContextValid, trace } from '@opentelemetry/api';
import type {
  Context,
  SpanContext,
  TextMapGetter,
  TextMapPropagator,
  TextMapSetter,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { RANDOM, flagsOf } from '../tracer/random-flag.js';
import { W3CTraceState, serializeTraceState } from './trace-state.js';

export const TRACEPARENT = 'traceparent';
export const TRACESTATE = 'tracestate';

const SAMPLED = 0b01;
const KNOWN_FLAGS = SAMPLED | RANDOM;
/** Length of `00-<trace ID>-<span ID>-<flags>`, which later versions may lengthen. */
const LENGTH = 55;
const FORMAT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const trimmed = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
};

/**
 * Reads a `traceparent`. `undefined` if it is invalid. From a later version it reads only the fields of version 00: the
 * IDs and the sampled flag.
 */
const parseTraceparent = (header: string): SpanContext | undefined => {
  const text = trimmed(header);
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags] = match as unknown as readonly string[];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const isFuture = version !== '00';
  if (!isFuture && text.length !== LENGTH) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & (isFuture ? SAMPLED : KNOWN_FLAGS);
  return { traceId, spanId, traceFlags, isRemote: true };
};

/** Several headers of one name, as HTTP joins them (RFC 9110, section 5.3). */
export const joined = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
    ? value.join(',')
    : undefined;
};

/**
 * `traceparent` and `tracestate` by W3C Trace Context Level 2. An unreadable `traceparent` starts a new trace. An
 * invalid `tracestate` is discarded, and an empty one is never sent. Flags that Level 2 does not know go out as 0.
 */
export class TraceContextPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || isTracingSuppressed(context) || !isSpanContextValid(span)) return;
    const { traceId, spanId, traceState } = span;
    setter.set(carrier, TRACEPARENT, `00-${traceId}-${spanId}-0${flagsOf(span) & KNOWN_FLAGS}`);
    if (traceState === undefined) return;
    const state = serializeTraceState(traceState);
    if (state !== '') setter.set(carrier, TRACESTATE, state);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    // Two headers make one invalid text, and with that a new trace.
    const header = joined(getter.get(carrier, TRACEPARENT));
    const span = header === undefined ? undefined : parseTraceparent(header);
    if (span === undefined) return context;
    const state = joined(getter.get(carrier, TRACESTATE));
    if (state !== undefined && state !== '') span.traceState = new W3CTraceState(state);
    return trace.setSpanContext(context, span);
  }

  fields(): string[] {
    return [TRACEPARENT, TRACESTATE];
  }
}
