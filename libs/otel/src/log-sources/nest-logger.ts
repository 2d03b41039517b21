import { ConsoleLogger } from '@nestjs/common';
import { attempt } from '../exceptions/error-like.js';
import { currentLogger, keepsEarlyLines } from '../logging/early-lines.js';
import { OtelLogger } from '../logging/otel-logger.js';
import { WHY_OLD_PINO, publishesLines } from './pino-versions.js';
import { isOurTransport } from './winston-transport.js';

/** The logger that Nest uses, and whether its lines become log records. */
export type NestLoggerFact =
  | {
      readonly kind: 'sent';
      readonly logger: string;
      readonly by: 'OtelLogger' | 'pino' | 'winston';
    }
  | { readonly kind: 'not-sent'; readonly logger: string; readonly why: string }
  | { readonly kind: 'off'; readonly why: string };

const USE_OURS = 'app.useLogger(app.get(OtelLogger)) sends them';

interface Wrapping {
  readonly logger?: Wrapping;
  readonly version?: unknown;
  readonly bindings?: unknown;
  readonly transports?: unknown;
}

const nameOf = (logger: object): string =>
  attempt(() => logger.constructor.name) || 'a logger without a name';

/** The version of the pino within: nestjs-pino's Logger has a PinoLogger, and that has the instance. */
const pinoVersion = (logger: Wrapping): string | undefined => {
  for (const candidate of [logger, logger.logger, logger.logger?.logger]) {
    if (typeof candidate?.version === 'string' && typeof candidate.bindings === 'function') {
      return candidate.version;
    }
  }
  return undefined;
};

const ofPino = (name: string, version: string, captured: boolean): NestLoggerFact => {
  const logger = `${name} (pino ${version})`;
  if (!captured) return { kind: 'not-sent', logger, why: 'logs.pino is false' };
  if (publishesLines(version)) return { kind: 'sent', logger, by: 'pino' };
  return { kind: 'not-sent', logger, why: WHY_OLD_PINO };
};

const ofWinston = (name: string, transports: readonly unknown[]): NestLoggerFact => {
  const logger = `${name} (winston)`;
  return transports.some(isOurTransport)
    ? { kind: 'sent', logger, by: 'winston' }
    : { kind: 'not-sent', logger, why: 'winstonTransport() among its transports sends them' };
};

/**
 * The transports of a winston logger: the logger itself, or the one to which a logger of the app or nest-winston hands
 * on.
 */
const transportsWithin = (logger: object): readonly unknown[] | undefined => {
  for (const candidate of [logger, ...(Object.values(logger) as unknown[])]) {
    const { transports } = Object(candidate) as Wrapping;
    if (Array.isArray(transports)) return transports;
  }
  return undefined;
};

/**
 * Reads which logger Nest uses now; it may change with `app.useLogger`.
 *
 * @param sends Whether log records are sent at all.
 * @param captured Whether the lines of pino are.
 */
export const nestLoggerFact = (
  sends: boolean,
  captured: boolean,
  logger: unknown = currentLogger(),
): NestLoggerFact => {
  if (typeof logger !== 'object' || logger === null) {
    return { kind: 'off', why: "Nest's logger is off" };
  }
  const name = logger === currentLogger() && keepsEarlyLines() ? 'ConsoleLogger' : nameOf(logger);
  if (!sends) return { kind: 'not-sent', logger: name, why: 'logs have no exporter' };
  if (logger instanceof OtelLogger) return { kind: 'sent', logger: name, by: 'OtelLogger' };
  const version = attempt(() => pinoVersion(logger as Wrapping));
  if (version !== undefined) return ofPino(name, version, captured);
  const transports = attempt(() => transportsWithin(logger));
  if (transports !== undefined) return ofWinston(name, transports);
  const why =
    logger instanceof ConsoleLogger ? USE_OURS : `nobody is told of its lines; ${USE_OURS}`;
  return { kind: 'not-sent', logger: name, why };
};
