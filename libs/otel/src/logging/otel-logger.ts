import { inspect } from 'node:util';
import { ConsoleLogger, Inject, Injectable } from '@nestjs/common';
import type { LogLevel } from '@nestjs/common';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { contexts } from '../context/contexts.js';
import { LogEmitter } from './log-emitter.js';
import { Environment } from '../options/environment.js';
import { resolveLogs } from '../options/signals.js';
import { LOG_LEVELS } from '../options/option-names.js';
import type { LoggerSettings } from '../options/otel.config.js';
import { SEVERITY, contentOf, resolvedMessages } from './nest-call.js';

const HEX = 16;
const MAX_JSON_BYTES = 1024;
const DIM = '\u001B[2m';
const DIM_OFF = '\u001B[22m';

/** Injection token of the frozen {@link LoggerSettings}. */
export const LOGGER_SETTINGS = Symbol('nestlens.otel.logger-settings');

/** The options that ConsoleLogger hands to `getJsonLogObject`. */
interface JsonLineOptions {
  context: string;
  logLevel: LogLevel;
  writeStreamType?: 'stdout' | 'stderr';
  errorStack?: unknown;
  // eslint-disable-next-line typescript/no-explicit-any -- as Nest declares it
  params?: Record<string, any>;
  error?: Error;
}

interface JsonLine {
  [key: string]: unknown;
  level: LogLevel;
  pid: number;
  timestamp: number;
  message: unknown;
}

/**
 * Nest's ConsoleLogger that knows the active span and also sends its lines as OTLP log records.
 *
 *     const app = await NestFactory.create(AppModule, { bufferLogs: true });
 *     app.useLogger(app.get(OtelLogger));
 *
 * JSON lines get `trace_id`, `span_id` and `trace_flags`; pretty lines end in `trace_id=...`. Levels,
 * `setLogLevels` included, hold for both ways. Nothing is sent from a context that suppresses tracing,
 * such as that of a probe or an exporter, nor for lines that are logged while a record is being sent.
 */
@Injectable()
export class OtelLogger extends ConsoleLogger {
  readonly #emitter: LogEmitter | undefined;

  /** Without settings, as outside of Nest's injection, those of the environment. */
  constructor(
    @Inject(LOGGER_SETTINGS) settings: LoggerSettings = resolveLogs({}, new Environment()),
  ) {
    super({
      json: settings.format === 'json',
      logLevels: LOG_LEVELS.slice(LOG_LEVELS.indexOf(settings.level)),
    });
    if (settings.emit) this.#emitter = new LogEmitter();
  }

  /**
   * Each call of a logger comes here once, on Nest 11 and 12 alike, with all of its messages; on 11 without `params`, and
   * with a stack for `error` alone.
   */
  protected override printMessages(
    messages: unknown[],
    context = '',
    logLevel: LogLevel = 'log',
    writeStreamType?: 'stdout' | 'stderr',
    errorStack?: unknown,
    // eslint-disable-next-line typescript/no-explicit-any -- as Nest declares it
    params?: Record<string, any>,
  ): void {
    // Resolved here, or a lazy message would run once for the line and once for the record.
    const resolved = resolvedMessages(messages);
    try {
      super.printMessages(resolved, context, logLevel, writeStreamType, errorStack, params);
    } finally {
      // Nest throws for an error whose getters throw. Its readable parts are sent all the same.
      this.#emitter?.emit({
        severityNumber: SEVERITY[logLevel],
        severityText: logLevel,
        scope: context,
        content: () => contentOf({ messages: resolved, stack: errorStack, params }),
      });
    }
  }

  protected override getJsonLogObject(message: unknown, options: JsonLineOptions): JsonLine {
    const line = super.getJsonLogObject(printable(message), options);
    const span = activeSpanContext();
    if (span === undefined) return line;
    const traceFlags = span.traceFlags.toString(HEX).padStart(2, '0');
    return Object.assign(line, {
      trace_id: span.traceId,
      span_id: span.spanId,
      trace_flags: traceFlags,
    });
  }

  protected override formatMessage(
    logLevel: LogLevel,
    message: unknown,
    pidMessage: string,
    formattedLogLevel: string,
    contextMessage: string,
    timestampDiff: string,
    // eslint-disable-next-line typescript/no-explicit-any -- as Nest declares it
    params?: Record<string, any>,
  ): string {
    const line = super.formatMessage(
      logLevel,
      message,
      pidMessage,
      formattedLogLevel,
      contextMessage,
      timestampDiff,
      params,
    );
    const span = activeSpanContext();
    if (span === undefined) return line;
    const suffix = `trace_id=${span.traceId}`;
    const shown = this.options.colors ? `${DIM}${suffix}${DIM_OFF}` : suffix;
    return `${line.slice(0, -1)} ${shown}\n`;
  }
}

const activeSpanContext = (): SpanContext | undefined => {
  const spanContext = trace.getSpanContext(contexts.active());
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined;
};

/** JSON writes a buffer as a list of numbers: ten megabytes would hold the event loop for seconds. */
const printable = (message: unknown): unknown =>
  message instanceof Uint8Array && message.length > MAX_JSON_BYTES ? inspect(message) : message;
