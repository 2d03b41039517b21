// Written by `npm run wire` from tools/wire/messages.ts.

import { NO_ATTRIBUTES, readAnyValue, readAttribute } from './attributes.js';
import type { OpenAttributes } from './attributes.js';
import type { AnyValue, LogRecord } from './model.js';
import type { ProtobufReader } from './protobuf-reader.js';

/** logs.proto LogRecord. */
export function readLogRecord(reader: ProtobufReader): LogRecord {
  const outer = reader.open();
  let time = 0n;
  let observedTime = 0n;
  let severityNumber = 0;
  let severityText = '';
  let body: AnyValue = null;
  let attributes: OpenAttributes | undefined;
  let droppedAttributesCount = 0;
  let flags = 0;
  let traceId = '';
  let spanId = '';
  let eventName = '';
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        time = reader.fixed64();
        break;
      case 2:
        severityNumber = reader.int32();
        break;
      case 3:
        severityText = reader.string();
        break;
      case 5:
        body = readAnyValue(reader);
        break;
      case 6:
        attributes = readAttribute(reader, attributes);
        break;
      case 7:
        droppedAttributesCount = reader.uint32();
        break;
      case 8:
        flags = reader.fixed32();
        break;
      case 9:
        traceId = reader.hex();
        break;
      case 10:
        spanId = reader.hex();
        break;
      case 11:
        observedTime = reader.fixed64();
        break;
      case 12:
        eventName = reader.string();
        break;
      default:
        reader.skip();
    }
  }
  reader.close(outer);
  return {
    time,
    observedTime,
    severityNumber,
    severityText,
    body,
    attributes: attributes ?? NO_ATTRIBUTES,
    droppedAttributesCount,
    flags,
    traceId,
    spanId,
    eventName,
  };
}
