import type { AdmissionLimits } from './limits.js';

/** Why an item was left out. `code` is stable; the sender reads `text`. */
export interface Refusal {
  readonly code: string;
  readonly text: string;
}

/** One frozen object per reason, so that refusing allocates nothing. */
export type Refusals = ReturnType<typeof createRefusals>;

export function createRefusals(limits: AdmissionLimits) {
  return Object.freeze({
    traceId: refusal('trace_id', 'trace id must be 16 bytes and not zero'),
    spanId: refusal('span_id', 'span id must be 8 bytes and not zero'),
    parentSpanId: refusal('parent_span_id', 'parent span id must be empty or 8 bytes'),
    logIds: refusal('log_ids', 'trace id must be empty or 16 bytes, span id empty or 8 bytes'),
    logSpanOnly: refusal('log_span_only', 'a span id needs a trace id'),
    time: refusal('time', 'time must be above 0 and below 2^63 ns'),
    timeOrder: refusal('time_order', 'end time must not be before start time'),
    noName: refusal('no_name', 'metric name must not be empty'),
    nameLength: refusal('name_length', `name is above ${limits.maxNameLength} characters`),
    attributes: refusal('attributes', `more than ${limits.maxAttributes} attributes`),
    depth: refusal('depth', `values are nested deeper than ${limits.maxDepth}`),
    size: refusal('size', `item is above ${limits.maxItemBytes} bytes in memory`),
    value: refusal('value', 'metric point has no number as its value'),
    temporality: refusal('temporality', 'aggregation temporality must be delta or cumulative'),
    buckets: refusal('buckets', 'histogram buckets do not fit their bounds or their count'),
    resource: refusal('resource', 'resource or scope is above the limits of one item'),
    traceFull: refusal('trace_full', 'trace is full'),
  });
}

function refusal(code: string, text: string): Refusal {
  return Object.freeze({ code, text });
}
