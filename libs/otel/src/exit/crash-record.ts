import { SeverityNumber } from '@opentelemetry/api';
import type { Context, Logger } from '@opentelemetry/api';
import { isErrorLike } from '../exceptions/error-like.js';
import { exceptionAttributes } from '../exceptions/exception.js';
import { toText } from '../exceptions/text.js';
import { ownLogger } from '../late-bound/own-telemetry.js';

/** `uncaughtException` or `unhandledRejection`, as Node names it. */
const ATTR_ORIGIN = 'nodejs.exception.origin';

/**
 * Emits a log record for an uncaught exception: FATAL if it ends the process, ERROR if the application handles
 * `uncaughtException` and may go on. In a process of several apps the record belongs to the app in whose context the
 * exception was thrown. Never throws.
 */
export const recordCrash = (thrown: unknown, origin: string, active: Context): void => {
  const isHandled = process.listenerCount('uncaughtException') > 0;
  try {
    ownLogger().emit({
      context: active,
      timestamp: Date.now(),
      severityNumber: isHandled ? SeverityNumber.ERROR : SeverityNumber.FATAL,
      severityText: isHandled ? 'error' : 'fatal',
      body: toText(isErrorLike(thrown) ? thrown.message : String(thrown)),
      attributes: { ...exceptionAttributes(thrown), [ATTR_ORIGIN]: origin },
    });
  } catch {
    // Node prints the exception itself.
  }
};

/** A process that ends with a failure before the app had started, such as by Nest's own `process.exit(1)`. */
export const recordFailedStart = (logger: Logger, code: number): void => {
  try {
    logger.emit({
      timestamp: Date.now(),
      severityNumber: SeverityNumber.FATAL,
      severityText: 'fatal',
      body: `The process ended with exit code ${code} before the app had started`,
      attributes: { 'process.exit.code': code },
    });
  } catch {
    // No listener is left to report to.
  }
};
