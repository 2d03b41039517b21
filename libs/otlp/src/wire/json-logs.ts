import type { DecodeBudget } from './decode-limits.js';
import { anyValueIn, attributesIn } from './json-attributes.js';
import { hexIn, int32In, stringIn, uint32In, uint64In } from './json-fields.js';
import type { JsonObject } from './json-fields.js';
import type { LogRecord } from './model.js';

export function logRecordOfJson(record: JsonObject, budget: DecodeBudget): LogRecord {
  return {
    time: uint64In(record, 'timeUnixNano'),
    observedTime: uint64In(record, 'observedTimeUnixNano'),
    severityNumber: int32In(record, 'severityNumber'),
    severityText: stringIn(record, 'severityText'),
    body: anyValueIn(record, 'body', budget),
    attributes: attributesIn(record, 'attributes', budget),
    droppedAttributesCount: uint32In(record, 'droppedAttributesCount'),
    flags: uint32In(record, 'flags'),
    traceId: hexIn(record, 'traceId'),
    spanId: hexIn(record, 'spanId'),
    eventName: stringIn(record, 'eventName'),
  };
}
