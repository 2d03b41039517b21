import type { DecodeBudget } from './decode-limits.js';
import { attributesIn } from './json-attributes.js';
import { hexIn, int32In, mapIn, objectIn, stringIn, uint32In, uint64In } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { Span, SpanEvent, SpanLink } from './model.js';
import { UNSET } from './spans.js';

export function spanOfJson(span: JsonObject, budget: DecodeBudget): Span {
  return {
    traceId: hexIn(span, 'traceId'),
    spanId: hexIn(span, 'spanId'),
    parentSpanId: hexIn(span, 'parentSpanId'),
    traceState: stringIn(span, 'traceState'),
    flags: uint32In(span, 'flags'),
    name: stringIn(span, 'name'),
    kind: int32In(span, 'kind'),
    startTime: uint64In(span, 'startTimeUnixNano'),
    endTime: uint64In(span, 'endTimeUnixNano'),
    attributes: attributesIn(span, 'attributes', budget),
    droppedAttributesCount: uint32In(span, 'droppedAttributesCount'),
    events: mapIn(span, 'events', (event) => eventOfJson(event, budget)),
    droppedEventsCount: uint32In(span, 'droppedEventsCount'),
    links: mapIn(span, 'links', (link) => linkOfJson(link, budget)),
    droppedLinksCount: uint32In(span, 'droppedLinksCount'),
    status: objectIn(span, 'status', statusOfJson) ?? UNSET,
  };
}

function eventOfJson(event: JsonObject, budget: DecodeBudget): SpanEvent {
  budget.record();
  return {
    time: uint64In(event, 'timeUnixNano'),
    name: stringIn(event, 'name'),
    attributes: attributesIn(event, 'attributes', budget),
    droppedAttributesCount: uint32In(event, 'droppedAttributesCount'),
  };
}

function linkOfJson(link: JsonObject, budget: DecodeBudget): SpanLink {
  budget.record();
  return {
    traceId: hexIn(link, 'traceId'),
    spanId: hexIn(link, 'spanId'),
    traceState: stringIn(link, 'traceState'),
    attributes: attributesIn(link, 'attributes', budget),
    droppedAttributesCount: uint32In(link, 'droppedAttributesCount'),
    flags: uint32In(link, 'flags'),
  };
}

function statusOfJson(status: JsonObject): Span['status'] {
  return { code: int32In(status, 'code'), message: stringIn(status, 'message') };
}
