import type { Span } from '@nestlens/otlp/wire';
import type { Source } from '../store/source.js';
import type { Trace } from '../store/trace.js';
import { isoTime, jsonAttributes, msBetween, type Json } from './json.js';
import { summarize } from './trace-summary.js';
import { spanTree, type TreeSpan } from './trace-tree.js';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];

/** A whole trace, its spans in tree order. Sources (resource and scope) are listed once. */
export function traceDetail(trace: Trace): { [key: string]: unknown } {
  const tree = spanTree(trace.spans);
  const sources = new Map<Source<Trace>, number>();
  const spans = tree.spans.map((span) => spanDetail(span, trace.start, sources));
  return {
    ...summarize(trace),
    firstSeen: isoTime(trace.firstSeenMs),
    missingParents: tree.missingParents,
    duplicateSpans: tree.duplicates,
    sources: [...sources.keys()].map(sourceDetail),
    spans,
  };
}

/** The resource and the scope of items. */
export function sourceDetail<I>({ serviceName, instanceId, resource, scope }: Source<I>): Json {
  return {
    service: serviceName,
    instanceId,
    resource: jsonAttributes(resource.attributes),
    scope: {
      name: scope.name,
      version: scope.version,
      attributes: jsonAttributes(scope.attributes),
    },
  };
}

function spanDetail(
  { stored: { span, source }, depth }: TreeSpan,
  traceStart: bigint,
  sources: Map<Source<Trace>, number>,
): Json {
  let sourceIndex = sources.get(source);
  if (sourceIndex === undefined) {
    sourceIndex = sources.size;
    sources.set(source, sourceIndex);
  }
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    depth,
    service: source.serviceName,
    source: sourceIndex,
    name: span.name,
    kind: kinds[span.kind] ?? 'unspecified',
    startTime: span.startTime.toString(),
    offsetMs: msBetween(traceStart, span.startTime),
    durationMs: msBetween(span.startTime, span.endTime),
    status: { code: statuses[span.status.code] ?? 'unset', message: span.status.message },
    attributes: jsonAttributes(span.attributes),
    events: events(span),
    links: links(span),
    traceState: span.traceState,
    flags: span.flags,
    dropped: {
      attributes: span.droppedAttributesCount,
      events: span.droppedEventsCount,
      links: span.droppedLinksCount,
    },
  };
}

function events(span: Span): Json {
  return span.events.map(({ time, name, attributes }) => ({
    name,
    time: time.toString(),
    offsetMs: msBetween(span.startTime, time),
    attributes: jsonAttributes(attributes),
  }));
}

function links(span: Span): Json {
  return span.links.map(({ traceId, spanId, traceState, attributes }) => ({
    traceId,
    spanId,
    traceState,
    attributes: jsonAttributes(attributes),
  }));
}
