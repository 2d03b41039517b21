import type { HrTime, Link, SpanContext, SpanStatus } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { cleanAttributes, cleanSimpleAttributes } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { diag } from '../api/diag.js';
import type { Limits } from './span-limits.js';

export type TimedEvent = ReadableSpan['events'][number];

const NO_ATTRIBUTES = { attributes: {}, droppedAttributesCount: 1 };

/** An event whose attributes cannot be read goes without them. */
export const eventOf = (
  name: string,
  time: HrTime,
  given: unknown,
  { perEvent, valueLength }: Limits,
): TimedEvent => {
  const limits = { attributeCountLimit: perEvent, attributeValueLengthLimit: valueLength };
  try {
    return { name, time, ...cleanSimpleAttributes(given, limits) };
  } catch (error) {
    diag.warn('The attributes of an event could not be read', error);
    return { name, time, ...NO_ATTRIBUTES };
  }
};

/** Whether an encoder can read it. */
const isContext = (given: unknown): given is SpanContext => {
  try {
    const { traceId, spanId, traceFlags, traceState } = given as Partial<SpanContext>;
    return (
      typeof traceId === 'string' &&
      typeof spanId === 'string' &&
      (traceFlags === undefined || typeof traceFlags === 'number') &&
      (traceState === undefined || typeof traceState.serialize() === 'string')
    );
  } catch {
    return false;
  }
};

/** A link without a context is none. */
export const linkOf = (given: unknown, { perLink, valueLength }: Limits): Link | undefined => {
  const limits = { attributeCountLimit: perLink, attributeValueLengthLimit: valueLength };
  let context: Link['context'] | undefined;
  try {
    ({ context } = given as Link);
    if (!isContext(context)) throw new TypeError('no span context');
    return { context, ...cleanAttributes((given as Link).attributes, limits) };
  } catch (error) {
    diag.warn('A link, or its attributes, could not be read', error);
    return isContext(context) ? { context, ...NO_ATTRIBUTES } : undefined;
  }
};

/** The links of a start. */
export const linksOf = (given: unknown, limits: Limits): Link[] => {
  if (given === undefined || given === null) return [];
  try {
    return Array.from(given as Iterable<unknown>, (link) => linkOf(link, limits)).filter(
      (link): link is Link => link !== undefined,
    );
  } catch (error) {
    diag.warn('The links of a span could not be read', error);
    return [];
  }
};

/** The status that follows on `before`; `before` itself if nothing follows. [trace API, "Set Status"] */
export const statusAfter = (before: SpanStatus, given: SpanStatus): SpanStatus => {
  try {
    const { code, message } = given;
    if (typeof code !== 'number') throw new TypeError('no status code');
    if (code === SpanStatusCode.UNSET || before.code === SpanStatusCode.OK) return before;
    if (code !== SpanStatusCode.ERROR || message === undefined || message === null) return { code };
    if (typeof message === 'string') return { code, message };
    diag.warn('The message of a status is not a text, and is dropped');
    return { code };
  } catch (error) {
    diag.warn('A status could not be read', error);
    return before;
  }
};

/** A name as text; what is no text is made one, if it can be. */
export const nameOf = (given: unknown): string => {
  if (typeof given === 'string') return given;
  try {
    return String(given);
  } catch {
    return typeof given;
  }
};
