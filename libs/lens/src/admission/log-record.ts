import type { LogRecord } from '@nestlens/otlp/wire';
import { weighed, type Admitted, type Gate } from './gate.js';
import { isTime } from './time.js';

const RECORD_BASE = 440;

/**
 * Ids must be absent or of the right length. A time may be unknown (0).
 * Source: opentelemetry-proto `logs/v1/logs.proto`, LogRecord.
 */
export function weighLogRecord(gate: Gate, record: LogRecord): Admitted {
  const { refusals, limits, meter } = gate;
  const { traceId, spanId } = record;
  if (traceId.length !== 0 && traceId.length !== 32) return refusals.logIds;
  if (spanId.length !== 0 && spanId.length !== 16) return refusals.logIds;
  if (spanId !== '' && traceId === '') return refusals.logSpanOnly;
  if (record.time !== 0n && !isTime(record.time)) return refusals.time;
  if (record.observedTime !== 0n && !isTime(record.observedTime)) return refusals.time;
  if (record.eventName.length > limits.maxNameLength) return refusals.nameLength;

  meter.reset(RECORD_BASE);
  meter.text(record.severityText);
  meter.text(record.eventName);
  meter.value(record.body);
  meter.attributes(record.attributes);
  return weighed(gate) ?? meter.bytes;
}
