import type { LogStore, StoredLogRecord } from '../store/log-store.js';
import { ok, type Answer } from './answer.js';
import { isoTime, jsonAttributes, jsonValue, type Json } from './json.js';
import { page } from './page.js';
import type { Params } from './params.js';

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Severity numbers come four to a name, from 1. */
const PER_SEVERITY = 4;

/** `GET /api/logs`: latest arrivals first. `severity`: this or worse. */
export function listLogs(store: LogStore, params: Params): Answer {
  const service = params.text('service');
  const traceId = params.traceId('traceId');
  const severity = params.oneOf('severity', severities);
  const limit = params.limit();
  const cursor = params.cursor();
  const fault = params.fault();
  if (fault !== undefined) return fault;

  const atLeast = severity === undefined ? 0 : severities.indexOf(severity) * PER_SEVERITY + 1;
  const { items, nextCursor } = page({
    newest: store.shelf.newest,
    cursor,
    limit,
    matches: ({ record, source }) =>
      record.severityNumber >= atLeast &&
      (service === undefined || source.serviceName === service) &&
      (traceId === undefined || record.traceId === traceId),
  });
  return ok({ logs: items.map(logDetail), nextCursor });
}

function logDetail({ record, source, seenMs }: StoredLogRecord): Json {
  const { time, observedTime } = record;
  return {
    service: source.serviceName,
    instanceId: source.instanceId,
    // In OTLP an unknown time is 0, and the observed time takes its place.
    time: (time === 0n ? observedTime : time).toString(),
    observedTime: observedTime.toString(),
    severity: severities[Math.ceil(record.severityNumber / PER_SEVERITY) - 1] ?? 'unspecified',
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: jsonValue(record.body),
    attributes: jsonAttributes(record.attributes),
    eventName: record.eventName,
    traceId: record.traceId,
    spanId: record.spanId,
    scope: source.scope.name,
    seen: isoTime(seenMs),
  };
}
