import type { SeverityNumber } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { Intake } from './intake.js';
import type { Part } from './part.js';

/** The first number of severity ERROR. Source: logs/data-model.md, "SeverityNumber". */
const ERROR: SeverityNumber = 17;

export const isErrorRecord = (record: ReadableLogRecord): boolean =>
  (record.severityNumber ?? 0) >= ERROR;

/** Takes each record when it is emitted. Source: logs/sdk.md, "LogRecordProcessor". */
export const createLogRecordProcessor = (
  intake: Intake<ReadableLogRecord>,
  part: Part,
): LogRecordProcessor => ({
  onEmit: (record) => intake.add(record),
  forceFlush: () => part.flush(),
  shutdown: () => part.shutdown(),
});
