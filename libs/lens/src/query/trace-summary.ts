import type { Trace } from '../store/trace.js';
import { isoTime, msBetween } from './json.js';

/** `error` if a span of the trace has that status. */
export type TraceStatus = 'error' | 'ok' | 'unset';

/** A trace in one line. */
export interface TraceSummary {
  readonly traceId: string;
  /** Service and name of the root; of the first received span if the root is missing. */
  readonly service: string;
  readonly name: string;
  /** `http.route` of the same span, at most 1,024 characters of it. */
  readonly route: string | null;
  /** False if the span without a parent has not arrived (yet). */
  readonly hasRoot: boolean;
  /** Unix nanoseconds. */
  readonly startTime: string;
  /** From the first start to the last end. */
  readonly durationMs: number;
  /** Duration of the root alone. */
  readonly rootDurationMs: number | null;
  readonly status: TraceStatus;
  readonly errorCount: number;
  readonly spanCount: number;
  /** Spans that arrived when the trace was full. */
  readonly leftOut: number;
  readonly services: readonly string[];
  readonly lastSeen: string;
}

export const traceStatuses = ['error', 'ok', 'unset'] as const satisfies readonly TraceStatus[];

const STATUS_OK = 1;
const MAX_ROUTE = 1_024;

/** `error` if any span has failed, else `ok` if the root says so, else `unset`. */
export function traceStatus(trace: Trace): TraceStatus {
  if (trace.errors > 0) return 'error';
  return trace.root?.span.status.code === STATUS_OK ? 'ok' : 'unset';
}

export function summarize(trace: Trace): TraceSummary {
  const { root } = trace;
  const { span, source } = root ?? trace.spans[0]!;
  const route = span.attributes['http.route'];
  return {
    traceId: trace.id,
    service: source.serviceName,
    name: span.name,
    route: typeof route === 'string' ? route.slice(0, MAX_ROUTE) : null,
    hasRoot: root !== undefined,
    startTime: trace.start.toString(),
    durationMs: msBetween(trace.start, trace.end),
    rootDurationMs: root === undefined ? null : msBetween(root.span.startTime, root.span.endTime),
    status: traceStatus(trace),
    errorCount: trace.errors,
    spanCount: trace.spans.length,
    leftOut: trace.leftOut,
    services: trace.services,
    lastSeen: isoTime(trace.lastSeenMs),
  };
}
