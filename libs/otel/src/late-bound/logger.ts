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
import { FLUSH_TIMEOUT_MS } from './flush.js';
import type { Flush, FlushOptions } from './flush.js';
import { Binding, LateBoundSlot, scopeKey } from './slot.js';
import type { Scope } from './slot.js';

const WAITING = createNoopLogger();

type Slot = LateBoundSlot<LoggerProvider, Logger>;

/** A logger provider that may be asked before the real one exists, and bound again after a release. */
export class LateBoundLoggerProvider implements LoggerProvider {
  readonly #slot: Slot = new LateBoundSlot();
  readonly #flush: Flush;

  constructor(flush: Flush = () => Promise.resolve()) {
    this.#flush = flush;
  }

  /** Of one app of the process, where there may be several. */
  fill(provider: LoggerProvider, app?: object): void {
    this.#slot.fill(provider, app);
  }

  unfill(app?: object): void {
    this.#slot.unfill(app);
  }

  /**
   * Resolves when all log records so far are with the collector. Rejects where some are not: with the reason, or after
   * `timeoutMillis` (default: 30,000). [trace, metrics and logs SDK, ForceFlush]
   */
  forceFlush(options?: FlushOptions): Promise<void> {
    return this.#flush(options?.timeoutMillis ?? FLUSH_TIMEOUT_MS);
  }

  /** Flushes only: providers are closed by the shutdown of their app, in its order. Never rejects. */
  async shutdown(): Promise<void> {
    await this.forceFlush().catch(() => undefined);
  }

  /** For a recording in tests. `undefined` gives back what was taken. */
  take(provider: LoggerProvider | undefined): void {
    this.#slot.take(provider);
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
      // It has nothing else either.
    }
  }

  enabled(options?: {
    context?: Context;
    severityNumber?: SeverityNumber;
    eventName?: string;
  }): boolean {
    return this.#binding.in(options?.context).enabled(options);
  }
}

/** The SDK asks the API for the active context, which may be unable to tell. */
const inContext = (record: LogRecord): LogRecord => {
  if (record.context !== undefined) return record;
  const context = contexts.active();
  return context === contextApi.active() ? record : { ...record, context };
};
