import { decodeExportRequest } from '../wire/export-request.js';
import { GROUP_KEYS } from '../wire/json-groups.js';
import type {
  ExportRequest,
  LogRecord,
  Metric,
  ResourceGroup,
  Signal,
  Span,
} from '../wire/model.js';
import { integerPoints } from './integer-points.js';
import { metricJson } from './json-metric.js';
import { anyValueJson, attributesJson, count, list, text } from './json-value.js';

/** The reader's limits guard against foreign input. These bytes are ours. */
const OWN = { maxDepth: 64, maxRecords: Infinity, maxValues: Infinity };

/**
 * Converts a protobuf export request, or several put together, to one in OTLP/JSON. Throws WireError for other bytes.
 */
export function transcodeJson(signal: Signal, bytes: Uint8Array): string {
  const integers = signal === 'metrics' ? integerPoints(bytes, OWN).values() : undefined;
  return JSON.stringify(requestJson(decodeExportRequest(signal, bytes, OWN), integers));
}

/**
 * Protobuf's JSON mapping with OTLP's own rules: ids in hex, enums as numbers, 64-bit integers as strings, names in
 * camel case. Source: OTLP specification, JSON Protobuf Encoding.
 */
function requestJson(
  request: ExportRequest,
  integers: IterableIterator<boolean> | undefined,
): unknown {
  const { resources, scopes, items } = GROUP_KEYS[request.signal];
  const groups = request.groups as readonly ResourceGroup<Span | Metric | LogRecord>[];
  function itemJson(item: Span | Metric | LogRecord): unknown {
    if (request.signal === 'traces') return spanJson(item as Span);
    if (request.signal === 'logs') return logJson(item as LogRecord);
    return metricJson(item as Metric, () => integers?.next().value === true);
  }
  return {
    [resources]: groups.map((group) => ({
      resource: {
        attributes: attributesJson(group.resource.attributes),
        ...count('droppedAttributesCount', group.resource.droppedAttributesCount),
      },
      [scopes]: group.scopes.map((scoped) => ({
        scope: {
          name: scoped.scope.name,
          ...text('version', scoped.scope.version),
          ...list('attributes', attributesJson(scoped.scope.attributes)),
          ...count('droppedAttributesCount', scoped.scope.droppedAttributesCount),
        },
        [items]: scoped.items.map((item) => itemJson(item)),
        ...text('schemaUrl', scoped.schemaUrl),
      })),
      ...text('schemaUrl', group.schemaUrl),
    })),
  };
}

function spanJson(span: Span): unknown {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...text('traceState', span.traceState),
    ...text('parentSpanId', span.parentSpanId),
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime),
    attributes: attributesJson(span.attributes),
    ...count('droppedAttributesCount', span.droppedAttributesCount),
    ...list(
      'events',
      span.events.map((event) => ({
        timeUnixNano: String(event.time),
        name: event.name,
        attributes: attributesJson(event.attributes),
        ...count('droppedAttributesCount', event.droppedAttributesCount),
      })),
    ),
    ...count('droppedEventsCount', span.droppedEventsCount),
    ...list(
      'links',
      span.links.map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        ...text('traceState', link.traceState),
        attributes: attributesJson(link.attributes),
        ...count('droppedAttributesCount', link.droppedAttributesCount),
        flags: link.flags,
      })),
    ),
    ...count('droppedLinksCount', span.droppedLinksCount),
    status: { ...count('code', span.status.code), ...text('message', span.status.message) },
  };
}

function logJson(record: LogRecord): unknown {
  return {
    timeUnixNano: String(record.time),
    observedTimeUnixNano: String(record.observedTime),
    ...count('severityNumber', record.severityNumber),
    ...text('severityText', record.severityText),
    ...(record.body === null ? undefined : { body: anyValueJson(record.body) }),
    attributes: attributesJson(record.attributes),
    ...count('droppedAttributesCount', record.droppedAttributesCount),
    ...count('flags', record.flags),
    ...text('traceId', record.traceId),
    ...text('spanId', record.spanId),
    ...text('eventName', record.eventName),
  };
}
