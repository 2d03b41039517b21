import { Writable } from 'node:stream';
import type { Attributes } from '@opentelemetry/api';
import { isErrorLike } from '../exceptions/error-like.js';
import { exceptionAttributes } from '../exceptions/exception.js';
import { isStack, stackAttributes } from '../exceptions/stack-attributes.js';
import { toText } from '../exceptions/text.js';
import { toAnyValue } from '../logging/any-value.js';
import { LogEmitter } from '../logging/log-emitter.js';
import type { LogContent } from '../logging/log-emitter.js';
import { severityOfName } from './level-severity.js';

// The key of the package triple-beam for the level before a format colours it.
const LEVEL = Symbol.for('level');
const SCOPE = 'winston';
const INFO = 9;

/** Options of `winstonTransport`. */
export interface WinstonTransportOptions {
  /** The least severe level that is sent. Default: the logger's. */
  level?: string;
}

type Info = Record<string | symbol, unknown>;

interface WinstonLogger {
  readonly level?: string;
  readonly levels?: Readonly<Record<string, number>>;
}

/** Marks our transports for {@link isOurTransport}, also those of another copy of this package. */
const OURS = Symbol.for('nestlens.otel.winston-transport');

export const isOurTransport = (transport: unknown): boolean =>
  typeof transport === 'object' && transport !== null && OURS in transport;

const contentOf = (info: Info): LogContent => {
  const { level: _level, message, context: _context, error, stack, ...rest } = info;
  const first: unknown = Array.isArray(stack) ? stack[0] : stack;
  // nest-winston makes a list of the second argument of `error`, which may be a stack or the error.
  const thrown = [error, info['err'], first, info, message].find(isErrorLike);
  let exception: Attributes | undefined;
  if (thrown !== undefined) exception = exceptionAttributes(thrown);
  else if (isStack(first)) exception = stackAttributes(first);
  const said = message === undefined ? thrown : message;
  const body = isErrorLike(said) ? said.message : said;
  return {
    body: typeof body === 'string' ? toText(body) : toAnyValue(body),
    attributes: { ...(toAnyValue(rest) as Attributes), ...exception },
  };
};

/** A transport of winston 3 by its form: a Writable in object mode with `log`, `level` and `levels`. */
class OtelWinstonTransport extends Writable {
  readonly [OURS] = true;
  level: string | undefined;
  levels: Readonly<Record<string, number>> | undefined;
  readonly #emitter = new LogEmitter();
  #parent: WinstonLogger | undefined;

  constructor({ level }: WinstonTransportOptions) {
    super({ objectMode: true });
    this.level = level;
    this.once('pipe', (logger: WinstonLogger) => {
      this.#parent = logger;
      this.levels = logger.levels;
    });
  }

  log(info: Info, done: () => void): void {
    const level = String(info[LEVEL] ?? info['level']);
    this.#emitter.emit({
      severityNumber: severityOfName(level) ?? INFO,
      severityText: level,
      scope: typeof info['context'] === 'string' ? info['context'] : SCOPE,
      content: () => contentOf(info),
    });
    done();
  }

  override _write(info: Info, _encoding: string, done: (error?: Error | null) => void): void {
    const least = this.level ?? this.#parent?.level;
    const { levels } = this;
    const rank = (name: string | undefined): number =>
      levels?.[name ?? ''] ?? Number.POSITIVE_INFINITY;
    const isWanted = least === undefined || rank(least) >= rank(String(info[LEVEL]));
    if (isWanted) this.log(info, done);
    else done();
  }
}

/**
 * A transport for winston 3, and so for nest-winston, that makes a log record of each line:
 *
 *     WinstonModule.createLogger({ transports: [new winston.transports.Console(), winstonTransport()] })
 *
 * The level is the severity, `context` the scope, an error or stack the exception, all else attributes. Records are
 * of the trace in which the line was logged. Lines from before the start of the app are not sent.
 */
export const winstonTransport = (options: WinstonTransportOptions = {}): Writable =>
  new OtelWinstonTransport(options);
