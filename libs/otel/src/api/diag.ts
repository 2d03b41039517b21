import { DiagLogLevel } from '@opentelemetry/api';
import type { DiagLogger } from '@opentelemetry/api';
import { readSlot, replaceSlot } from './api-global.js';

type Level = keyof DiagLogger;

const tell =
  (level: Level): DiagLogger[Level] =>
  (message, ...further) => {
    (readSlot('diag') as DiagLogger | undefined)?.[level](message, ...further);
  };

/** The API's `diag`. It also works if another version of the API has made the shared object. */
export const diag: DiagLogger = {
  error: tell('error'),
  warn: tell('warn'),
  info: tell('info'),
  debug: tell('debug'),
  verbose: tell('verbose'),
};

const LEVELS: Readonly<Record<Level, DiagLogLevel>> = {
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
};

const upTo = (logger: DiagLogger, most: DiagLogLevel): DiagLogger => {
  const at = (level: Level): DiagLogger[Level] =>
    LEVELS[level] <= most ? (...parts) => logger[level](...parts) : () => {};
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    verbose: at('verbose'),
  };
};

// The app that started last gets the diagnostics, if several apps run.
const held: DiagLogger[] = [];
const made = new WeakSet<DiagLogger>();
let before: DiagLogger | undefined;

/**
 * Sends the API's diagnostics to `logger`. The returned function restores the logger of another app, or the logger from
 * before the first app. If there was none, `logger` stays, so that a late failure is still printed.
 */
export const holdDiagnostics = (logger: DiagLogger, level: DiagLogLevel): (() => void) => {
  const ours = upTo(logger, level);
  if (held.length === 0) before = othersLogger();
  made.add(ours);
  held.push(ours);
  replaceSlot('diag', ours);
  return () => {
    const at = held.indexOf(ours);
    if (at === -1) return;
    held.splice(at, 1);
    const next = held.at(-1) ?? before;
    if (readSlot('diag') === ours && next !== undefined) replaceSlot('diag', next);
  };
};

const othersLogger = (): DiagLogger | undefined => {
  const logger = readSlot('diag') as DiagLogger | undefined;
  return logger === undefined || made.has(logger) ? undefined : logger;
};
