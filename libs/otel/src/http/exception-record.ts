import { SeverityNumber } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { ownLogger } from '../telemetry.js';
import type { ExceptionSignal } from './http.settings.js';
import { EVENT_EXCEPTION, OTHER } from './semconv.js';

interface ErrorLike {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

// Whatever was thrown may have getters that throw.
const read = <T>(get: () => T): T | undefined => {
  try {
    return get();
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is object => value !== null && typeof value === 'object';

/** The class name of what was thrown; `_OTHER` for a thrown text, number or nameless object. */
export const exceptionType = (thrown: unknown): string => {
  if (!isObject(thrown)) return OTHER;
  const own = read(() => textOf((thrown.constructor as { name?: unknown } | undefined)?.name));
  const given = read(() => textOf((thrown as ErrorLike).name));
  // An error of a library that names itself without a class of its own (AbortError, TimeoutError).
  if (own === undefined || own === 'Object' || own === 'Error' || own === 'DOMException') {
    return given ?? own ?? OTHER;
  }
  return own;
};

/** The message of what was thrown. */
export const exceptionMessage = (thrown: unknown): string | undefined =>
  isObject(thrown)
    ? read(() => textOf((thrown as ErrorLike).message))
    : textOf(read(() => String(thrown)));

const exceptionAttributes = (thrown: unknown): Attributes => {
  const attributes: Attributes = { [ATTR_EXCEPTION_TYPE]: exceptionType(thrown) };
  const message = exceptionMessage(thrown);
  if (message !== undefined) attributes[ATTR_EXCEPTION_MESSAGE] = message;
  const stack = isObject(thrown) ? read(() => textOf((thrown as ErrorLike).stack)) : undefined;
  if (stack !== undefined) attributes[ATTR_EXCEPTION_STACKTRACE] = stack;
  return attributes;
};

/** Where and how loud an exception is told. */
export interface ExceptionNote {
  readonly signal: ExceptionSignal;
  /** EventName of the log record. */
  readonly eventName: string;
  readonly severity: SeverityNumber;
}

/**
 * Records `thrown` once per chosen signal (semantic conventions, exceptions on spans and in logs). Not by
 * `span.recordException`, which puts an error's `code` in the place of its type.
 */
export const recordException = (
  span: Span,
  context: Context,
  thrown: unknown,
  note: ExceptionNote,
): void => {
  if (note.signal === 'event' && !span.isRecording()) return;
  const attributes = exceptionAttributes(thrown);
  if (note.signal !== 'log') span.addEvent(EVENT_EXCEPTION, attributes);
  if (note.signal === 'event') return;
  ownLogger().emit({
    eventName: note.eventName,
    severityNumber: note.severity,
    timestamp: Date.now(),
    attributes,
    context,
  });
};
