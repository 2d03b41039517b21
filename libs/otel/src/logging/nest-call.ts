import type { LogLevel } from '@nestjs/common';
import { SeverityNumber } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import { attempt, isErrorLike } from '../exceptions/error-like.js';
import { exceptionAttributes, exceptionMessage } from '../exceptions/exception.js';
import { isStack, stackAttributes } from '../exceptions/stack-attributes.js';
import { toText } from '../exceptions/text.js';
import { toAnyValue } from './any-value.js';
import type { LogContent } from './log-emitter.js';

// The lowest number of each range. [logs data model, SeverityNumber]
export const SEVERITY: Readonly<Record<LogLevel, SeverityNumber>> = {
  verbose: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  log: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

/** All messages of a call after the first. The attribute is ours, since the conventions have none. */
const MESSAGES_ATTRIBUTE = 'nestjs.logger.messages';

/** One call of a Nest logger as ConsoleLogger hands it to `printMessages`. */
export interface NestCall {
  readonly messages: readonly unknown[];
  /** Nest knows a stack for `error` and, since 12, `fatal`; any text may stand in its place. */
  readonly stack: unknown;
  /** Plain objects behind the message, put together: since Nest 12. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
}

/** The arguments of a call, sorted into message and description. */
interface Sorted {
  readonly first: unknown;
  readonly further: readonly unknown[];
  readonly params: Record<string, unknown> | undefined;
  readonly exception: Attributes | undefined;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** The key under which an object keeps its error, as in pino: `error({ err: error, orderId })`. */
const errorKeyOf = (value: unknown): string | undefined =>
  isPlainObject(value)
    ? ['err', 'error'].find((name) => isErrorLike(attempt(() => value[name])))
    : undefined;

/** Nest 11 leaves plain objects among the messages; they mean the same as the params of 12. */
const paramsOf = ({ messages, params }: NestCall): Record<string, unknown> | undefined => {
  const objects = messages.filter((message, at) => at > 0 && isPlainObject(message));
  return objects.length === 0 ? params && { ...params } : Object.assign({}, ...objects, params);
};

const without = <T>(items: readonly T[], at: number): readonly T[] =>
  items.filter((_, index) => index !== at);

const sortOut = (call: NestCall): Sorted => {
  const params = paramsOf(call);
  const messages = call.messages.filter((message, at) => at === 0 || !isPlainObject(message));
  const text = typeof call.stack === 'string' && call.stack !== '' ? call.stack : undefined;
  const sorted = (rest: readonly unknown[], exception: Attributes | undefined): Sorted => ({
    first: rest[0],
    further: rest.slice(1),
    params,
    exception,
  });
  // An error next to a message describes it, as in `error('failed', error)`; alone it is the message.
  const at = messages.findIndex(isErrorLike);
  if (at !== -1) {
    const rest = at === 0 ? messages : without(messages, at);
    const more = text === undefined || isStack(text) ? rest : [...rest, text];
    return sorted(more, exceptionAttributes(messages[at]));
  }
  if (text !== undefined) return sorted(messages, stackAttributes(text));
  // `warn('failed', error.stack)`: Nest knows no stack in this place of a warning.
  const stackAt = messages.findIndex((message, index) => index > 0 && isStack(message));
  if (stackAt !== -1) {
    return sorted(without(messages, stackAt), stackAttributes(messages[stackAt] as string));
  }
  const key = errorKeyOf(params);
  if (params !== undefined && key !== undefined) {
    const exception = exceptionAttributes(params[key]);
    delete params[key];
    return sorted(messages, exception);
  }
  const firstKey = errorKeyOf(messages[0]);
  if (firstKey === undefined) return sorted(messages, undefined);
  const { [firstKey]: error, ...rest } = messages[0] as Record<string, unknown>;
  const first = Object.keys(rest).length > 0 ? rest : error;
  return sorted([first, ...messages.slice(1)], exceptionAttributes(error));
};

const bodyOf = (message: unknown): unknown => {
  if (typeof message === 'string') return toText(message);
  if (isErrorLike(message)) return exceptionMessage(message) ?? '';
  return message === undefined ? 'undefined' : toAnyValue(message);
};

/**
 * The record of a call: the first message is its body, plain objects are its attributes, an error or a
 * stack its exception, and the rest goes to `nestjs.logger.messages`.
 */
export const contentOf = (call: NestCall): LogContent => {
  const { messages, params, stack } = call;
  // Nearly every call is one message.
  if (messages.length === 1 && params === undefined && stack === undefined) {
    const [message] = messages;
    if (isErrorLike(message)) {
      return { body: bodyOf(message), attributes: exceptionAttributes(message) };
    }
    if (errorKeyOf(message) === undefined) {
      return { body: bodyOf(message), attributes: undefined };
    }
  }
  const { first, further, params: rest, exception } = sortOut(call);
  const attributes = {
    ...(rest && (toAnyValue(rest) as Attributes)),
    ...(further.length > 0 && { [MESSAGES_ATTRIBUTE]: toAnyValue(further) }),
    ...exception,
  };
  return { body: bodyOf(first), attributes };
};

const isFunction = (message: unknown): message is Function => typeof message === 'function';

/** Resolves a lazy message as Nest does: a class stands for its name, any other function for its result. */
const resolveLazy = (message: unknown): unknown => {
  if (!isFunction(message)) return message;
  if (Function.prototype.toString.call(message).startsWith('class ')) return message.name;
  return resolveLazy((message as () => unknown)());
};

/** Resolves lazy messages, once for a line and its record: each would run them again. */
export const resolvedMessages = (messages: unknown[]): unknown[] =>
  messages.some(isFunction) ? messages.map(resolveLazy) : messages;
