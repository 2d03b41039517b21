import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
} from '@opentelemetry/semantic-conventions';
import { isErrorLike } from '../exceptions/error-like.js';
import { exceptionAttributes } from '../exceptions/exception.js';
import { toText } from '../exceptions/text.js';
import { REDACTED } from '../http/semconv.js';
import { toAnyValue } from '../logging/any-value.js';
import type { LogEntry } from '../logging/log-emitter.js';
import { severityOfName, severityOfPino } from './level-severity.js';

/** The message that pino 9.10 and later publish on `tracing:pino_asJson:end`. */
export interface PinoMessage {
  readonly instance: PinoInstance;
  /** The object of the call, its message, its level, its time as text. */
  readonly arguments: readonly unknown[];
  /** The line as it is printed: with bindings, mixin and serializers, and redacted. */
  readonly result?: unknown;
}

interface PinoInstance {
  readonly levels?: { readonly labels?: Readonly<Record<number, string>> };
}

interface Keys {
  readonly message: string;
  readonly error: string;
}

type Line = Record<string, unknown>;

const SCOPE = 'pino';
// Of the resource, of the record itself, and of its trace.
const TOLD_ELSEWHERE = ['level', 'time', 'pid', 'hostname', 'trace_id', 'span_id', 'trace_flags'];
// pino-http prints requests with all of their headers.
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'];

/** The value under a symbol of this description, of an instance of pino or of its prototypes. */
const kept = (instance: object, description: string, fallback: string): string => {
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at) as object) {
    const symbol = Object.getOwnPropertySymbols(at).find((s) => s.description === description);
    if (symbol === undefined) continue;
    const value: unknown = Reflect.get(instance, symbol);
    return typeof value === 'string' ? value : fallback;
  }
  return fallback;
};

const keysOfInstance = new WeakMap<object, Keys>();

const keysOf = (instance: object): Keys => {
  const known = keysOfInstance.get(instance);
  if (known !== undefined) return known;
  const keys = {
    message: kept(instance, 'pino.messageKey', 'msg'),
    error: kept(instance, 'pino.errorKey', 'err'),
  };
  keysOfInstance.set(instance, keys);
  return keys;
};

const parsed = (result: unknown): Line => {
  try {
    const line: unknown = typeof result === 'string' ? JSON.parse(result) : undefined;
    return typeof line === 'object' && line !== null ? (line as Line) : {};
  } catch {
    return {};
  }
};

const stringOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `exception.*` of the error that was given, but only as far as pino printed it: it may be redacted. */
const exceptionOf = (given: unknown, printed: unknown): Attributes | undefined => {
  if (!isErrorLike(given) || typeof printed !== 'object' || printed === null) return undefined;
  const { message, stack } = printed as { readonly message?: unknown; readonly stack?: unknown };
  const exception = exceptionAttributes(given);
  const text = stringOrEmpty(exception[ATTR_EXCEPTION_MESSAGE]);
  if (!stringOrEmpty(message).startsWith(text))
    exception[ATTR_EXCEPTION_MESSAGE] = toText(stringOrEmpty(message));
  if (!stringOrEmpty(stack).startsWith(stringOrEmpty(given.stack))) {
    exception[ATTR_EXCEPTION_STACKTRACE] = toText(stringOrEmpty(stack));
  }
  return exception;
};

const hideCredentials = (side: unknown): void => {
  const headers = (side as { readonly headers?: unknown } | undefined)?.headers;
  if (typeof headers !== 'object' || headers === null) return;
  for (const name of CREDENTIALS) if (name in headers) Reflect.set(headers, name, REDACTED);
};

/** One line of pino as a log record. */
export const pinoEntry = ({ instance, arguments: given, result }: PinoMessage): LogEntry => {
  const level = Number(given[2]);
  const label = instance.levels?.labels?.[level] ?? String(level);
  const line = parsed(result);
  const { context, name } = line;
  const scope = stringOrEmpty(context) || stringOrEmpty(name) || SCOPE;
  return {
    severityNumber: severityOfName(label) ?? severityOfPino(level),
    severityText: label,
    scope,
    content: () => {
      const keys = keysOf(instance);
      const error = (given[0] as Line | null | undefined)?.[keys.error];
      const exception = exceptionOf(error, line[keys.error]);
      const body = line[keys.message] ?? (exception && exception[ATTR_EXCEPTION_MESSAGE]) ?? '';
      for (const key of [...TOLD_ELSEWHERE, keys.message]) delete line[key];
      if (scope === context) delete line['context'];
      else if (scope === name) delete line['name'];
      if (exception !== undefined) delete line[keys.error];
      hideCredentials(line['req']);
      hideCredentials(line['res']);
      return {
        body: typeof body === 'string' ? toText(body) : toAnyValue(body),
        attributes: { ...(toAnyValue(line) as Attributes), ...exception },
      };
    },
  };
};
