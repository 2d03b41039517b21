import type { Run, ServiceTable } from '../store/service.js';
import { ok, type Answer } from './answer.js';
import { isoTime, type Json } from './json.js';
import type { Params } from './params.js';

/** `GET /api/services`: every service with its counts and its latest runs. */
export function listServices(services: ServiceTable, params: Params): Answer {
  const fault = params.fault();
  if (fault !== undefined) return fault;
  return ok({
    services: [...services].map(({ name, counts, runs }) => ({
      name,
      spans: counts.traces,
      logRecords: counts.logs,
      points: counts.metrics,
      runs: runs.map(runDetail),
    })),
  });
}

function runDetail(run: Run): Json {
  return {
    instanceId: run.instanceId,
    firstSeen: isoTime(run.firstSeenMs),
    lastSeen: isoTime(run.lastSeenMs),
    spans: run.spans,
    logRecords: run.logRecords,
    points: run.points,
  };
}
