import type { LogLevel } from '@nestjs/common';
import { SeverityNumber, diag } from '@opentelemetry/api';
import type { Attributes, Context, Logger } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { contexts } from '../context/contexts.js';
import { globalProviders } from '../late-bound/globals.js';
import { ownLogger } from '../telemetry.js';
import { isErrorLike } from '../exceptions/error-like.js';
import { exceptionAttributes } from '../exceptions/exception.js';
import { isStack, stackAttributes } from '../exceptions/stack-attributes.js';
import { toText } from '../exceptions/text.js';
import { toAnyValue } from './any-value.js';

// The lowest number of each range. [logs data model, SeverityNumber]
const SEVERITY: Readonly<Record<LogLevel, SeverityNumber>> = {
  verbose: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  log: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

const MAX_SCOPES = 500;
const MAX_SCOPE_CHARS = 256;
/** Where the Nest context goes when it cannot be a scope name: too long, or one of too many. */
const CONTEXT_ATTRIBUTE = 'nestjs.logger.context';

/** One call of a Nest logger, its arguments sorted out. */
export interface LogCall {
  readonly level: LogLevel;
  readonly messages: readonly unknown[];
  /** Nest's logger context; empty if none. */
  readonly context: string;
  readonly stack: unknown;
  readonly params: Readonly<Record<string, unknown>> | undefined;
}

// Shared by all loggers: whatever is logged while a record is being emitted would emit for ever.
let emitting = false;

/** Nest log calls as OTLP log records, one per message. Never throws. */
export class LogEmitter {
  readonly #loggers = new Map<string, Logger>();

  emit(call: LogCall): void {
    if (emitting) return;
    const active = contexts.active();
    if (isTracingSuppressed(active)) return;
    emitting = true;
    try {
      this.#emit(call, active);
    } catch (error) {
      diag.warn('A log record could not be emitted', error);
    } finally {
      emitting = false;
    }
  }

  #emit(call: LogCall, active: Context): void {
    const { logger, scopeAttributes } = this.#scope(call.context);
    const severityNumber = SEVERITY[call.level];
    if (!logger.enabled({ context: active, severityNumber })) return;
    const timestamp = Date.now();
    const { bodies, exception } = sortOut(call);
    bodies.forEach((body, index) => {
      logger.emit({
        context: active,
        timestamp,
        severityNumber,
        severityText: call.level,
        body: bodyOf(body),
        attributes: {
          ...paramAttributes(call.params),
          // The exception belongs to the first message; a later one that is an error has its own.
          ...(index === 0 ? exception : isErrorLike(body) ? exceptionAttributes(body) : undefined),
          ...scopeAttributes,
        },
      });
    });
  }

  #scope(name: string): { logger: Logger; scopeAttributes?: Attributes } {
    if (name === '') return { logger: ownLogger() };
    const known = this.#loggers.get(name);
    if (known !== undefined) return { logger: known };
    // `logger.log('x', text)` makes any text a context; the SDK keeps scopes for ever.
    if (name.length > MAX_SCOPE_CHARS || this.#loggers.size >= MAX_SCOPES) {
      return { logger: ownLogger(), scopeAttributes: { [CONTEXT_ATTRIBUTE]: toText(name, 1024) } };
    }
    const logger = globalProviders.loggers.getLogger(name);
    this.#loggers.set(name, logger);
    return { logger };
  }
}

/** An error next to a message describes it, as in `error('failed', error)`; alone it is the message. */
const sortOut = (
  call: LogCall,
): { bodies: readonly unknown[]; exception: Attributes | undefined } => {
  const { messages } = call;
  const at = messages.findIndex(isErrorLike);
  if (at !== -1) {
    const exception = exceptionAttributes(messages[at]);
    return { bodies: at === 0 ? messages : messages.filter((_, index) => index !== at), exception };
  }
  if (typeof call.stack === 'string' && call.stack !== '') {
    return { bodies: messages, exception: stackAttributes(call.stack) };
  }
  // `warn('failed', error.stack)`: Nest knows a stack in this place for error and fatal only.
  const stackAt = messages.findIndex((message, index) => index > 0 && isStack(message));
  if (stackAt !== -1) {
    const bodies = messages.filter((_, index) => index !== stackAt);
    return { bodies, exception: stackAttributes(messages[stackAt] as string) };
  }
  const param = call.params?.['err'] ?? call.params?.['error'];
  return {
    bodies: messages,
    exception: isErrorLike(param) ? exceptionAttributes(param) : undefined,
  };
};

const bodyOf = (message: unknown): unknown => {
  if (typeof message === 'string') return toText(message);
  if (isErrorLike(message)) return toText(message.message);
  return message === undefined ? 'undefined' : toAnyValue(message);
};

const paramAttributes = (params: LogCall['params']): Attributes | undefined =>
  params === undefined ? undefined : (toAnyValue(params) as Attributes);
