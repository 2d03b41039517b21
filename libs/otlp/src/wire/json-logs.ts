// Written by `npm run wire` from tools/wire/messages.ts.

import type { DecodeBudget } from './decode-limits.js';
import { anyValueIn, attributesIn } from './json-attributes.js';
import { hexIn, int32In, stringIn, uint32In, uint64In } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { LogRecord } from './model.js';

export function logRecordOfJson(object: JsonObject, budget: DecodeBudget): LogRecord {
  return {
    time: uint64In(object, 'timeUnixNano'),
    observedTime: uint64In(object, 'observedTimeUnixNano'),
    severityNumber: int32In(object, 'severityNumber'),
    severityText: stringIn(object, 'severityText'),
    body: anyValueIn(object, 'body', budget),
    attributes: attributesIn(object, 'attributes', budget),
    droppedAttributesCount: uint32In(object, 'droppedAttributesCount'),
    flags: uint32In(object, 'flags'),
    traceId: hexIn(object, 'traceId'),
    spanId: hexIn(object, 'spanId'),
    eventName: stringIn(object, 'eventName'),
  };
}
