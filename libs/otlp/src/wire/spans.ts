// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { Span, SpanEvent, SpanLink } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

const NONE: readonly never[] = Object.freeze([]);
export const NO_STATUS: Span['status'] = Object.freeze({
  code: 0,
  message: '',
});

/** trace.proto Span. */
export function readSpan(reader: ProtobufReader): Span {
  const outer = reader.open();
  let traceId = '';
  let spanId = '';
  let parentSpanId = '';
  let traceState = '';
  let flags = 0;
  let name = '';
  let kind = 0;
  let startTime = 0n;
  let endTime = 0n;
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  let events: SpanEvent[] | undefined;
  let droppedEventsCount = 0;
  let links: SpanLink[] | undefined;
  let droppedLinksCount = 0;
  let status = NO_STATUS;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        traceId = reader.hex();
        break;
      case 2:
        spanId = reader.hex();
        break;
      case 3:
        traceState = reader.string();
        break;
      case 4:
        parentSpanId = reader.hex();
        break;
      case 5:
        name = reader.string();
        break;
      case 6:
        kind = reader.int32();
        break;
      case 7:
        startTime = reader.fixed64();
        break;
      case 8:
        endTime = reader.fixed64();
        break;
      case 9:
        attributes = readAttribute(reader, attributes);
        break;
      case 10:
        droppedAttributesCount = reader.uint32();
        break;
      case 11:
        reader.budget.record();
        (events ??= []).push(readSpanEvent(reader));
        break;
      case 12:
        droppedEventsCount = reader.uint32();
        break;
      case 13:
        reader.budget.record();
        (links ??= []).push(readSpanLink(reader));
        break;
      case 14:
        droppedLinksCount = reader.uint32();
        break;
      case 15:
        status = readStatus(reader);
        break;
      case 16:
        flags = reader.fixed32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState,
    flags,
    name,
    kind,
    startTime,
    endTime,
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
    events: events ?? NONE,
    droppedEventsCount,
    links: links ?? NONE,
    droppedLinksCount,
    status,
  };
}

/** trace.proto Span.Event. */
function readSpanEvent(reader: ProtobufReader): SpanEvent {
  const outer = reader.open();
  let time = 0n;
  let name = '';
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        time = reader.fixed64();
        break;
      case 2:
        name = reader.string();
        break;
      case 3:
        attributes = readAttribute(reader, attributes);
        break;
      case 4:
        droppedAttributesCount = reader.uint32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    time,
    name,
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
  };
}

/** trace.proto Span.Link. */
function readSpanLink(reader: ProtobufReader): SpanLink {
  const outer = reader.open();
  let traceId = '';
  let spanId = '';
  let traceState = '';
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  let flags = 0;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        traceId = reader.hex();
        break;
      case 2:
        spanId = reader.hex();
        break;
      case 3:
        traceState = reader.string();
        break;
      case 4:
        attributes = readAttribute(reader, attributes);
        break;
      case 5:
        droppedAttributesCount = reader.uint32();
        break;
      case 6:
        flags = reader.fixed32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    traceId,
    spanId,
    traceState,
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
    flags,
  };
}

/** trace.proto Status. */
function readStatus(reader: ProtobufReader): Span['status'] {
  const outer = reader.open();
  let code = 0;
  let message = '';
  while (reader.next()) {
    switch (reader.field) {
      case 2:
        message = reader.string();
        break;
      case 3:
        code = reader.int32();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    code,
    message,
  };
}
