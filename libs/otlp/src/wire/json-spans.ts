// Written by `npm run wire` from tools/wire/messages.ts.

import type { DecodeBudget } from './decode-limits.js';
import { attributesIn } from './json-attributes.js';
import {
  hexIn,
  int32In,
  messageIn,
  messagesIn,
  stringIn,
  uint32In,
  uint64In,
} from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { Span, SpanEvent, SpanLink } from './model.js';
import { NO_STATUS } from './spans.js';

export function spanOfJson(object: JsonObject, budget: DecodeBudget): Span {
  return {
    traceId: hexIn(object, 'traceId'),
    spanId: hexIn(object, 'spanId'),
    parentSpanId: hexIn(object, 'parentSpanId'),
    traceState: stringIn(object, 'traceState'),
    flags: uint32In(object, 'flags'),
    name: stringIn(object, 'name'),
    kind: int32In(object, 'kind'),
    startTime: uint64In(object, 'startTimeUnixNano'),
    endTime: uint64In(object, 'endTimeUnixNano'),
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
    events: messagesIn(object, 'events', spanEventOfJson, budget),
    droppedEventsCount: uint32In(object, 'droppedEventsCount'),
    links: messagesIn(object, 'links', spanLinkOfJson, budget),
    droppedLinksCount: uint32In(object, 'droppedLinksCount'),
    status: messageIn(object, 'status', statusOfJson, budget) ?? NO_STATUS,
  };
}

function spanEventOfJson(object: JsonObject, budget: DecodeBudget): SpanEvent {
  return {
    time: uint64In(object, 'timeUnixNano'),
    name: stringIn(object, 'name'),
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
  };
}

function spanLinkOfJson(object: JsonObject, budget: DecodeBudget): SpanLink {
  return {
    traceId: hexIn(object, 'traceId'),
    spanId: hexIn(object, 'spanId'),
    traceState: stringIn(object, 'traceState'),
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
    flags: uint32In(object, 'flags'),
  };
}

function statusOfJson(object: JsonObject): Span['status'] {
  return {
    code: int32In(object, 'code'),
    message: stringIn(object, 'message'),
  };
}
