import { SpanStatusCode } from '@opentelemetry/api';
import type { Context, SeverityNumber, Span } from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { ownLogger } from '../late-bound/own-telemetry.js';
import { exceptionAttributes, exceptionCode, exceptionMessage } from './exception.js';
import { exceptionType } from './exception-type.js';
import { ATTR_EXCEPTION_CODE, EVENT_EXCEPTION } from './semconv.js';

const MAX_DESCRIPTION_CHARS = 1024;

/** The place of a recorded exception: an event of the span, a log record, or both. */
export type ExceptionSignal = 'event' | 'log' | 'both';

/** The form in which an instrumentation records its exceptions. */
export interface ExceptionNote {
  readonly signal: ExceptionSignal;
  /** EventName of the log record. */
  readonly eventName: string;
  /** SeverityNumber of the log record. */
  readonly severity: SeverityNumber;
}

/** The records made of a thrown object, in the trace that recorded it last. */
interface Told {
  readonly traceId: string;
  event: boolean;
  /** 0 for none. */
  severity: number;
}

const told = new WeakMap<object, Told>();

/** `undefined` for a value without identity: the same text "oops" may come from two places. */
const toldOf = (thrown: unknown, span: Span): Told | undefined => {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { traceId } = span.spanContext();
  const known = told.get(thrown);
  if (known?.traceId === traceId) return known;
  const fresh: Told = { traceId, event: false, severity: 0 };
  told.set(thrown, fresh);
  return fresh;
};

/**
 * Records `thrown` once per trace, whichever place meets it first: as the innermost span's event, as a log record, or
 * as both. A record is made again only with a higher severity: an exception that a client records as WARN ends a
 * request as ERROR.
 *
 * Not by `span.recordException`, which puts an error's `code` in the place of its type.
 *
 * @param at When it was thrown, ms since the epoch. Default: now.
 */
export const recordException = (
  span: Span,
  context: Context,
  thrown: unknown,
  { signal, eventName, severity }: ExceptionNote,
  at = Date.now(),
): void => {
  const known = toldOf(thrown, span);
  const asEvent = signal !== 'log' && span.isRecording() && known?.event !== true;
  const asRecord = signal !== 'event' && (known?.severity ?? 0) < severity;
  if (!asEvent && !asRecord) return;
  const attributes = exceptionAttributes(thrown);
  if (asEvent) {
    if (known) known.event = true;
    span.addEvent(EVENT_EXCEPTION, attributes, at);
  }
  if (asRecord) {
    if (known) known.severity = severity;
    ownLogger().emit({ eventName, severityNumber: severity, timestamp: at, attributes, context });
  }
};

/**
 * Status ERROR with the exception's message, `error.type`, and the exception's code beside it.
 *
 * @param errorType Where a convention wants another than the exception's own, such as a status code.
 */
export const failSpan = (span: Span, thrown: unknown, errorType = exceptionType(thrown)): void => {
  if (!span.isRecording()) return;
  span.setAttribute(ATTR_ERROR_TYPE, errorType);
  const code = exceptionCode(thrown);
  if (code !== undefined) span.setAttribute(ATTR_EXCEPTION_CODE, code);
  const message = exceptionMessage(thrown, MAX_DESCRIPTION_CHARS);
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(message !== undefined && { message }),
  });
};
