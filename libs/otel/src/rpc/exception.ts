import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { SeverityNumber } from '@opentelemetry/api';
import type { Context, Logger, Span } from '@opentelemetry/api';
import { EVENT_RPC_SERVER_CALL_EXCEPTION } from './semconv.js';
import type { ExceptionSignal } from './rpc.settings.js';

/** What a handler threw, and when (ms since the epoch). */
export interface SeenException {
  readonly error: unknown;
  readonly at: number;
}

interface ExceptionFacts {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * Whether the exception only stands for a status: Nest's RpcException and GrpcException, told by their
 * `getError()`. Such are not recorded (semconv recording-errors).
 */
export const isArtificial = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'getError' in error &&
  typeof error.getError === 'function';

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const factsOf = (error: unknown): ExceptionFacts => {
  if (typeof error !== 'object' || error === null) {
    return { name: typeof error, message: String(error), stack: undefined };
  }
  const { name, message, stack } = error as Record<'name' | 'message' | 'stack', unknown>;
  const own = textOf(name);
  // A class that extends Error and sets no name still says `Error`.
  const type = own === undefined || own === 'Error' ? textOf(error.constructor?.name) : own;
  return { name: type ?? 'Error', message: textOf(message) ?? '', stack: textOf(stack) };
};

/** Tells the exception once, in the way that was asked for, with the type by its class and never by its code. */
export const recordException = (
  exception: SeenException,
  signal: ExceptionSignal,
  span: Span | undefined,
  context: Context,
  logger: () => Logger,
): void => {
  const facts = factsOf(exception.error);
  if (signal !== 'log' && span?.isRecording()) span.recordException(facts, exception.at);
  if (signal === 'event') return;
  logger().emit({
    eventName: EVENT_RPC_SERVER_CALL_EXCEPTION,
    severityNumber: SeverityNumber.ERROR,
    timestamp: exception.at,
    context,
    attributes: {
      [ATTR_EXCEPTION_TYPE]: facts.name,
      [ATTR_EXCEPTION_MESSAGE]: facts.message,
      [ATTR_EXCEPTION_STACKTRACE]: facts.stack,
    },
  });
};
