import { DecodeBudget } from './decode-limits.js';
import type { DecodeLimits } from './decode-limits.js';
import type { ExportRequestOf } from './export-request.js';
import { asObject } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import { groupsIn } from './json-groups.js';
import { logRecordOfJson } from './json-logs.js';
import { metricOfJson } from './json-metrics.js';
import { spanOfJson } from './json-spans.js';
import { parseJson } from './json-text.js';
import type { ExportRequest, Signal } from './model.js';

/**
 * Reads an export request in OTLP/JSON, from its text or from the result of JSON.parse. Unknown fields are ignored,
 * null counts as missing, and of repeated fields the last one stays. Enum names, base64 ids and numbers that do not
 * fit are refused. Throws only {@link WireError}. Source: OTLP specification, JSON Protobuf Encoding.
 */
export function decodeExportRequestJson<S extends Signal>(
  signal: S,
  json: unknown,
  limits?: Partial<DecodeLimits>,
): ExportRequestOf<S> {
  const value = typeof json === 'string' ? parseJson(json, limits) : json;
  return readRequest(signal, asObject(value), new DecodeBudget(limits)) as ExportRequestOf<S>;
}

function readRequest(signal: Signal, request: JsonObject, budget: DecodeBudget): ExportRequest {
  if (signal === 'traces') return { signal, groups: groupsIn(request, signal, budget, spanOfJson) };
  if (signal === 'logs') {
    return { signal, groups: groupsIn(request, signal, budget, logRecordOfJson) };
  }
  return { signal, groups: groupsIn(request, signal, budget, metricOfJson) };
}
