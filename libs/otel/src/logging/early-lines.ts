import { ConsoleLogger, Logger } from '@nestjs/common';
import type { LogLevel } from '@nestjs/common';
import { contexts } from '../context/contexts.js';
import { LogEmitter } from './log-emitter.js';
import type { LogEntry } from './log-emitter.js';
import { SEVERITY, contentOf, resolvedMessages } from './nest-call.js';
import type { NestCall } from './nest-call.js';

/** A start logs a line for each module and route. More lines than this are no start. */
const MOST_LINES = 1000;

/** One call of Nest's logger before the app has chosen one. */
interface EarlyLine {
  readonly level: LogLevel;
  readonly context: string;
  readonly call: NestCall;
  readonly made: NonNullable<LogEntry['made']>;
}

/** Nest keeps its logger and levels in static properties, and has no other way to ask (11.2.10, 12.5.1). */
export const currentLogger = (): unknown => Reflect.get(Logger, 'staticInstanceRef');
const currentLevels = (): LogLevel[] | undefined =>
  Reflect.get(Logger, 'logLevels') as LogLevel[] | undefined;

/** Nest's own logger, unless the app has chosen another before it imports this package. */
const DEFAULT = currentLogger();

/** Prints the lines of Nest's own logger, and remembers them. */
class EarlyLogger extends ConsoleLogger {
  readonly lines: EarlyLine[] = [];
  left = 0;

  constructor() {
    const logLevels = currentLevels();
    // Nest's own lines have a timestamp, and nearly all lines are Nest's.
    super({ timestamp: true, ...(logLevels && { logLevels }) });
  }

  protected override printMessages(
    messages: unknown[],
    context = '',
    level: LogLevel = 'log',
    writeStreamType?: 'stdout' | 'stderr',
    stack?: unknown,
    // eslint-disable-next-line typescript/no-explicit-any -- as Nest declares it
    params?: Record<string, any>,
  ): void {
    const resolved = resolvedMessages(messages);
    super.printMessages(resolved, context, level, writeStreamType, stack, params);
    if (this.lines.length < MOST_LINES) {
      const made = { at: Date.now(), context: contexts.active() };
      this.lines.push({ level, context, call: { messages: resolved, stack, params }, made });
    } else this.left += 1;
  }
}

let early: EarlyLogger | undefined;

/**
 * Makes Nest's own logger remember its lines until {@link takeEarlyLines}. The lines of the start come before the app
 * has our logger, unless the app buffers them. Does nothing if the app has chosen a logger. Safe to repeat.
 */
export const keepEarlyLines = (): void => {
  if (currentLogger() !== DEFAULT || DEFAULT?.constructor !== ConsoleLogger) return;
  early = new EarlyLogger();
  Logger.overrideLogger(early);
};

/** Returns true if Nest logs through the logger that remembers. */
export const keepsEarlyLines = (): boolean => early !== undefined && currentLogger() === early;

/** Returns true if the app has chosen a logger. Lines that `bufferLogs` holds go to it when the start is over. */
export const isChosen = (): boolean => currentLogger() !== DEFAULT && !keepsEarlyLines();

/** Returns true while `bufferLogs` holds lines. */
export const isBuffering = (): boolean => Reflect.get(Logger, 'isBufferAttached') === true;

/** Gives Nest its own logger back, unless the app has chosen one, and forgets the lines. Returns them once. */
export const takeEarlyLines = (): {
  readonly lines: readonly EarlyLine[];
  readonly left: number;
} => {
  if (early === undefined) return { lines: [], left: 0 };
  const { lines, left } = early;
  if (keepsEarlyLines()) {
    Logger.overrideLogger(DEFAULT as ConsoleLogger);
    const levels = currentLevels();
    if (levels !== undefined) Logger.overrideLogger(levels);
  }
  early = undefined;
  return { lines, left };
};

/**
 * Makes records of the remembered lines, with the time and the context of each line, as far as the logger that the app has
 * chosen takes its level. Returns how many lines were too many.
 */
export const emitEarlyLines = (): number => {
  const { lines, left } = takeEarlyLines();
  const emitter = new LogEmitter();
  const logger = currentLogger();
  for (const { level, context, call, made } of lines) {
    if (logger instanceof ConsoleLogger && !logger.isLevelEnabled(level)) continue;
    emitter.emit({
      severityNumber: SEVERITY[level],
      severityText: level,
      scope: context,
      made,
      content: () => contentOf(call),
    });
  }
  return left;
};
