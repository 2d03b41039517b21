import type { Span } from '@nestlens/otlp/wire';
import { weighed, type Admitted, type Gate } from './gate.js';
import { isTime } from './time.js';

const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);
// The object with its two times, three ids, its status and its place in a trace.
const SPAN_BASE = 400;
const EVENT_BASE = 96;
const LINK_BASE = 176;

/**
 * The rules of OTLP for a span's ids and times, and our limits.
 * Source: opentelemetry-proto `trace/v1/trace.proto`, fields 1-8 of Span.
 */
export function weighSpan(gate: Gate, span: Span): Admitted {
  const { refusals, limits, meter } = gate;
  if (span.traceId.length !== 32 || span.traceId === ZERO_TRACE_ID) return refusals.traceId;
  if (span.spanId.length !== 16 || span.spanId === ZERO_SPAN_ID) return refusals.spanId;
  const parentLength = span.parentSpanId.length;
  if (parentLength !== 0 && parentLength !== 16) return refusals.parentSpanId;
  if (!isTime(span.startTime) || !isTime(span.endTime)) return refusals.time;
  if (span.endTime < span.startTime) return refusals.timeOrder;
  if (span.name.length > limits.maxNameLength) return refusals.nameLength;

  meter.reset(SPAN_BASE);
  meter.text(span.name);
  meter.text(span.traceState);
  meter.text(span.status.message);
  meter.attributes(span.attributes);
  for (const event of span.events) {
    if (event.name.length > limits.maxNameLength) return refusals.nameLength;
    meter.bytes += EVENT_BASE;
    meter.text(event.name);
    meter.attributes(event.attributes);
  }
  for (const link of span.links) {
    meter.bytes += LINK_BASE;
    meter.text(link.traceState);
    meter.attributes(link.attributes);
  }
  return weighed(gate) ?? meter.bytes;
}

/** True for `''` and for the all-zero id, which some exporters write for a root. */
export function isRoot(span: Span): boolean {
  return span.parentSpanId === '' || span.parentSpanId === ZERO_SPAN_ID;
}
