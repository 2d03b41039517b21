import type { Trace } from '../store/trace.js';
import type { TraceStore } from '../store/trace-store.js';
import { failure, ok, type Answer } from './answer.js';
import { isoTime } from './json.js';
import { page } from './page.js';
import { traceIdOf, type Params } from './params.js';
import { traceDetail } from './trace-detail.js';
import { summarize, traceStatus, traceStatuses } from './trace-summary.js';

const SERVER = 2;

/**
 * `GET /api/traces`: summaries, latest arrivals first. `service`: the trace has a span of it. `route`: a server span
 * has it as `http.route`. `from`, `to`: the range of the trace's start.
 */
export function listTraces(store: TraceStore, params: Params): Answer {
  const service = params.text('service');
  const route = params.text('route');
  const status = params.oneOf('status', traceStatuses);
  const minDurationMs = params.milliseconds('minDurationMs');
  const from = params.time('from');
  const to = params.time('to');
  const limit = params.limit();
  const cursor = params.cursor();
  const fault = params.fault();
  if (fault !== undefined) return fault;

  const minDuration =
    minDurationMs === undefined ? undefined : BigInt(Math.round(minDurationMs * 1_000_000));
  const { items, nextCursor } = page({
    newest: store.shelf.newest,
    cursor,
    limit,
    effort: route === undefined ? undefined : (trace: Trace) => trace.spans.length,
    matches: (trace) =>
      (service === undefined || trace.services.includes(service)) &&
      (status === undefined || traceStatus(trace) === status) &&
      (minDuration === undefined || trace.end - trace.start >= minDuration) &&
      (from === undefined || trace.start >= from) &&
      (to === undefined || trace.start <= to) &&
      (route === undefined || hasRoute(trace, route)),
  });
  return ok({ traces: items.map(summarize), nextCursor });
}

/** `GET /api/traces/{traceId}`. */
export function getTrace(store: TraceStore, id: string, params: Params): Answer {
  const fault = params.fault();
  if (fault !== undefined) return fault;
  const traceId = traceIdOf(id);
  if (traceId === undefined) {
    return failure(400, 'bad_trace_id', 'the trace id in the path is wrong; write 32 hex digits');
  }
  const trace = store.get(traceId);
  if (trace !== undefined) return ok(traceDetail(trace));
  const evictedMs = store.evictedAtMs(traceId);
  if (evictedMs === undefined) return failure(404, 'trace_not_found', 'no span of this trace came');
  return failure(
    404,
    'trace_evicted',
    `the trace was evicted at ${isoTime(evictedMs)} to make room; raise maxBytes to keep more`,
  );
}

function hasRoute(trace: Trace, route: string): boolean {
  return trace.spans.some(
    ({ span }) => span.kind === SERVER && span.attributes['http.route'] === route,
  );
}
