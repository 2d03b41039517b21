import { context as contextApi, createNoopLogger } from '@opentelemetry/api';
import type {
  Context,
  Logger,
  LoggerOptions,
  LoggerProvider,
  LogRecord,
  SeverityNumber,
} from '@opentelemetry/api';
import { diag } from '../api/diag.js';
import { contexts } from '../context/contexts.js';
import { LateBoundProvider } from './provider.js';
import { Binding, LateBoundSlot, scopeKey } from './slot.js';
import type { Scope } from './slot.js';

const WAITING = createNoopLogger();

type Slot = LateBoundSlot<LoggerProvider, Logger>;

/** A logger provider that may be asked before the real one exists, and bound again after a release. */
export class LateBoundLoggerProvider
  extends LateBoundProvider<LoggerProvider, Logger>
  implements LoggerProvider
{
  getLogger(name: string, version?: string, options?: LoggerOptions): Logger {
    const make = (): Logger => new LateBoundLogger(this.slot, { name, version, options });
    // Scope attributes are part of the identity and have no cheap key.
    if (options?.attributes !== undefined) return make();
    return this.slot.handle(scopeKey(name, version, options?.schemaUrl), make);
  }
}

class LateBoundLogger implements Logger {
  readonly #binding: Binding<LoggerProvider, Logger>;

  constructor(slot: Slot, { name, version, options }: Scope<LoggerOptions>) {
    this.#binding = new Binding(slot, WAITING, (provider) =>
      provider.getLogger(name, version, options),
    );
  }

  /** The SDK throws for attributes that cannot be read; the record goes without them. */
  emit(given: LogRecord): void {
    try {
      const record = inContext(given);
      this.#binding.in(record.context).emit(record);
    } catch (error) {
      diag.warn('A log record could not be emitted with its attributes, which are dropped', error);
      this.#emitBare(given);
    }
  }

  #emitBare(record: LogRecord): void {
    try {
      const { attributes: _, ...rest } = record;
      this.#binding.in(rest.context).emit(rest);
    } catch {
      // The attributes were not the cause, so the record is lost.
    }
  }

  enabled(options?: {
    context?: Context;
    severityNumber?: SeverityNumber;
    eventName?: string;
  }): boolean {
    try {
      return this.#binding.in(options?.context).enabled(options);
    } catch {
      return false;
    }
  }
}

/** The SDK asks the API for the active context, and the API may be unable to read it. */
const inContext = (record: LogRecord): LogRecord => {
  if (record.context !== undefined) return record;
  const context = contexts.active();
  return context === contextApi.active() ? record : { ...record, context };
};
