import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { toBytesText, toText } from './text.js';

const FRAME = /\n[ \t]+at /;
const TYPE = /^[\w$.]+$/;
const MAX_TYPE_CHARS = 100;
const MAX_STACK_BYTES = 65_536;

export const isStack = (value: unknown): value is string =>
  typeof value === 'string' && FRAME.test(value);

/**
 * `exception.*` of a text that was given as a stack, as in `logger.error(message, error.stack)`. The type is the first
 * word of the stack: the error's class is no longer known.
 */
export const stackAttributes = (stack: string): Attributes => {
  const firstFrame = stack.search(FRAME);
  if (firstFrame === -1) return { [ATTR_EXCEPTION_MESSAGE]: toText(stack) };
  const head = stack.slice(0, firstFrame);
  const colon = head.indexOf(': ');
  const type = colon === -1 ? head : head.slice(0, colon);
  const attributes: Attributes = {
    [ATTR_EXCEPTION_STACKTRACE]: toBytesText(stack, MAX_STACK_BYTES),
  };
  if (TYPE.test(type)) attributes[ATTR_EXCEPTION_TYPE] = toText(type, MAX_TYPE_CHARS);
  const message = TYPE.test(type) ? head.slice(colon === -1 ? head.length : colon + 2) : head;
  if (message !== '') attributes[ATTR_EXCEPTION_MESSAGE] = toText(message);
  return attributes;
};
