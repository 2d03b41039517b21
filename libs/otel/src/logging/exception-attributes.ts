import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { isErrorLike, toText } from './any-value.js';
import type { ErrorLike } from './any-value.js';

const FRAME = /\n[ \t]+at /;
const TYPE = /^[\w$.]+$/;
const MAX_TYPE_CHARS = 256;

const exceptionType = (error: ErrorLike): string => {
  const { code, name } = error;
  if (typeof code === 'string' && code !== '') return toText(code, MAX_TYPE_CHARS);
  if (typeof code === 'number') return String(code);
  // A subclass that sets no name has its parent's; its constructor knows better.
  const known = typeof name === 'string' && name !== '' && name !== 'Error' ? name : undefined;
  return toText(known ?? error.constructor.name, MAX_TYPE_CHARS);
};

/**
 * `exception.*` of a thrown value. The type is the error's code, as the SDK has it, else the name of its class.
 * Never throws: what a getter refuses is left out. [semantic conventions, exceptions in logs]
 */
export const exceptionAttributes = (thrown: unknown): Attributes => {
  const attributes: Attributes = {};
  try {
    if (!isErrorLike(thrown)) {
      attributes[ATTR_EXCEPTION_MESSAGE] = toText(String(thrown));
      return attributes;
    }
    attributes[ATTR_EXCEPTION_TYPE] = exceptionType(thrown);
    attributes[ATTR_EXCEPTION_MESSAGE] = toText(thrown.message);
    attributes[ATTR_EXCEPTION_STACKTRACE] = toText(thrown.stack);
  } catch {
    attributes[ATTR_EXCEPTION_TYPE] ??= 'Error';
  }
  return attributes;
};

export const isStack = (value: unknown): value is string =>
  typeof value === 'string' && FRAME.test(value);

/** `exception.*` of what was given as a stack, as in `logger.error(message, error.stack)`. */
export const stackAttributes = (stack: string): Attributes => {
  const firstFrame = stack.search(FRAME);
  if (firstFrame === -1) return { [ATTR_EXCEPTION_MESSAGE]: toText(stack) };
  const head = stack.slice(0, firstFrame);
  const colon = head.indexOf(': ');
  const type = colon === -1 ? head : head.slice(0, colon);
  const attributes: Attributes = { [ATTR_EXCEPTION_STACKTRACE]: toText(stack) };
  if (TYPE.test(type)) attributes[ATTR_EXCEPTION_TYPE] = toText(type, MAX_TYPE_CHARS);
  const message = TYPE.test(type) ? head.slice(colon === -1 ? head.length : colon + 2) : head;
  if (message !== '') attributes[ATTR_EXCEPTION_MESSAGE] = toText(message);
  return attributes;
};
