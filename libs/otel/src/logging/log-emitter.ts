import type { Attributes, Context, Logger, SeverityNumber } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { diag } from '../api/diag.js';
import { contexts } from '../context/contexts.js';
import { globalProviders } from '../late-bound/globals.js';
import { ownLogger } from '../late-bound/own-telemetry.js';
import { toText } from '../exceptions/text.js';

const MAX_SCOPES = 500;
const MAX_SCOPE_CHARS = 256;
/** The attribute for a logger's context that cannot be a scope name: it is too long, or one of too many. */
const CONTEXT_ATTRIBUTE = 'nestjs.logger.context';

/** The contents of a log record. */
export interface LogContent {
  readonly body: unknown;
  readonly attributes: Attributes | undefined;
}

/** One call of any logger. */
export interface LogEntry {
  readonly severityNumber: SeverityNumber;
  /** The level as the logger calls it. */
  readonly severityText: string;
  /** Name of the instrumentation scope; empty for our own. */
  readonly scope: string;
  /** The time and the context of the record. Default: now, and the active context. */
  readonly made?: { readonly at: number; readonly context: Context };
  /** Called only if the record is wanted. */
  readonly content: () => LogContent;
}

// Shared by all loggers, since a line that is logged while a record is emitted would emit for ever.
let emitting = false;

/** Log calls as OTLP log records, one per call. Never throws. */
export class LogEmitter {
  readonly #loggers = new Map<string, Logger>();

  emit(entry: LogEntry): void {
    if (emitting) return;
    const active = entry.made?.context ?? contexts.active();
    if (isTracingSuppressed(active)) return;
    emitting = true;
    try {
      this.#emit(entry, active);
    } catch (error) {
      diag.warn('A log record could not be emitted', error);
    } finally {
      emitting = false;
    }
  }

  #emit({ severityNumber, severityText, scope, made, content }: LogEntry, active: Context): void {
    globalProviders.appIn(active)?.made.record();
    const { logger, scopeAttributes } = this.#scope(scope);
    if (!logger.enabled({ context: active, severityNumber })) return;
    const timestamp = made?.at ?? Date.now();
    const { body, attributes } = content();
    logger.emit({
      context: active,
      timestamp,
      severityNumber,
      severityText,
      body,
      attributes:
        scopeAttributes === undefined ? (attributes ?? {}) : { ...attributes, ...scopeAttributes },
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
