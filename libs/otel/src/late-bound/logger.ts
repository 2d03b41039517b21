import { createNoopLogger, diag } from '@opentelemetry/api';
import type {
  Context,
  Logger,
  LoggerOptions,
  LoggerProvider,
  LogRecord,
  SeverityNumber,
} from '@opentelemetry/api';
import { LateBoundSlot, scopeKey } from './slot.js';
import type { Scope } from './slot.js';

const WAITING = createNoopLogger();

type Slot = LateBoundSlot<LoggerProvider, Logger>;

/** A logger provider that may be asked before the real one exists, and bound again after a release. */
export class LateBoundLoggerProvider implements LoggerProvider {
  readonly #slot: Slot = new LateBoundSlot();

  fill(provider: LoggerProvider): void {
    this.#slot.fill(provider);
  }

  unfill(): void {
    this.#slot.unfill();
  }

  /** The real provider, or `undefined` while waiting. */
  getDelegate(): LoggerProvider | undefined {
    return this.#slot.provider;
  }

  getLogger(name: string, version?: string, options?: LoggerOptions): Logger {
    const make = (): Logger => new LateBoundLogger(this.#slot, { name, version, options });
    // Scope attributes are part of the identity and have no cheap key.
    if (options?.attributes !== undefined) return make();
    return this.#slot.handle(scopeKey(name, version, options?.schemaUrl), make);
  }
}

class LateBoundLogger implements Logger {
  readonly #slot: Slot;
  readonly #scope: Scope<LoggerOptions>;
  #owner: LoggerProvider | undefined;
  #logger: Logger = WAITING;

  constructor(slot: Slot, scope: Scope<LoggerOptions>) {
    this.#slot = slot;
    this.#scope = scope;
  }

  /** The SDK throws for attributes that cannot be read; the record goes without them. */
  emit(record: LogRecord): void {
    try {
      this.#current().emit(record);
    } catch (error) {
      diag.warn('A log record could not be emitted with its attributes, which are dropped', error);
      this.#emitBare(record);
    }
  }

  #emitBare(record: LogRecord): void {
    try {
      const { attributes: _, ...rest } = record;
      this.#current().emit(rest);
    } catch {
      // It has nothing else either.
    }
  }

  enabled(options?: {
    context?: Context;
    severityNumber?: SeverityNumber;
    eventName?: string;
  }): boolean {
    return this.#current().enabled(options);
  }

  #current(): Logger {
    const provider = this.#slot.provider;
    if (this.#owner !== provider) {
      const { name, version, options } = this.#scope;
      this.#owner = provider;
      this.#logger = provider?.getLogger(name, version, options) ?? WAITING;
    }
    return this.#logger;
  }
}
