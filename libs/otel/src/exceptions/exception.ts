import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { attempt, isErrorLike } from './error-like.js';
import type { ErrorLike } from './error-like.js';
import { exceptionType } from './exception-type.js';
import { ATTR_EXCEPTION_CODE } from './semconv.js';
import { stackText } from './stack-text.js';
import { toText } from './text.js';

const MAX_CODE_CHARS = 100;
const MAX_CAUSES = 8;
const MAX_MESSAGES = 5;

const ownMessage = (thrown: object): string => {
  const message = attempt(() => (thrown as Partial<ErrorLike>).message);
  return typeof message === 'string' ? message : '';
};

// An attempt on several addresses fails with an AggregateError without a word of its own.
const messagesWithin = (thrown: object): string => {
  const errors = attempt(() => (thrown as Partial<ErrorLike>).errors);
  if (!Array.isArray(errors)) return '';
  const objects = errors.slice(0, MAX_MESSAGES).filter(isErrorLike);
  return objects.map(ownMessage).filter(Boolean).join('; ');
};

/**
 * The text of `exception.message`, and of a span's description, for any thrown value. `undefined` if there is no text.
 */
export const exceptionMessage = (thrown: unknown, maxChars?: number): string | undefined => {
  const text =
    typeof thrown === 'object' && thrown !== null
      ? ownMessage(thrown) || messagesWithin(thrown)
      : (attempt(() => String(thrown)) ?? '');
  return text === '' ? undefined : toText(text, maxChars);
};

const ownCode = (thrown: object): string | undefined => {
  const code = attempt(() => (thrown as Partial<ErrorLike>).code);
  if (typeof code === 'number') return String(code);
  return typeof code === 'string' && code !== '' && code.length <= MAX_CODE_CHARS
    ? code.toWellFormed()
    : undefined;
};

/** The code of the thrown value, or of its nearest cause with a code, such as `ECONNREFUSED` below `fetch failed`. */
export const exceptionCode = (thrown: unknown): string | undefined => {
  let current = thrown;
  for (let at = 0; at < MAX_CAUSES && typeof current === 'object' && current !== null; at++) {
    const error: object = current;
    const code = ownCode(error);
    if (code !== undefined) return code;
    current = attempt(() => (error as Partial<ErrorLike>).cause);
  }
  return undefined;
};

/** The `exception.*` attributes of any thrown value, the same on spans, in records and in logs. Never throws. */
export const exceptionAttributes = (thrown: unknown): Attributes => {
  const attributes: Attributes = { [ATTR_EXCEPTION_TYPE]: exceptionType(thrown) };
  const message = exceptionMessage(thrown);
  if (message !== undefined) attributes[ATTR_EXCEPTION_MESSAGE] = message;
  const stack = stackText(thrown);
  if (stack !== undefined) attributes[ATTR_EXCEPTION_STACKTRACE] = stack;
  const code = exceptionCode(thrown);
  if (code !== undefined) attributes[ATTR_EXCEPTION_CODE] = code;
  return attributes;
};
