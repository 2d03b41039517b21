import { exceptionSignal } from '../exceptions/exception-signal.js';
import type { ExceptionSignal } from '../exceptions/exception-signal.js';
import type { HttpIgnore, HttpOptions } from '../options/otel.options.js';
import { SENSITIVE_QUERY_KEYS } from './redaction.js';

/** {@link HttpOptions} with every question answered. */
export interface HttpSettings {
  readonly server: boolean;
  readonly client: boolean;
  readonly ignore: readonly HttpIgnore[];
  readonly ignoreHosts: readonly (string | RegExp)[];
  /** Lower case, the defaults included. */
  readonly redactQuery: ReadonlySet<string>;
  /** Lower case. */
  readonly requestHeaders: readonly string[];
  /** Lower case. */
  readonly responseHeaders: readonly string[];
  /** Case-sensitive, as methods are. */
  readonly knownMethods: ReadonlySet<string>;
  readonly trustProxy: boolean;
  /** From `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`: `logs`, `logs/dup`, or neither. */
  readonly exceptionSignal: ExceptionSignal;
}

const KNOWN_METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
];

const listOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const lowerCase = (words: readonly string[] = []): string[] => [
  ...new Set(words.map((word) => word.toLowerCase())),
];

/**
 * Code over environment over default. Never throws on what the options' type allows.
 * `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` replaces the ten methods as a whole (semantic conventions,
 * `http.request.method`); an empty variable is an unset one.
 */
export const resolveHttp = (
  options: HttpOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): HttpSettings => {
  const fromEnv = listOf(env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS']);
  return {
    server: options.server ?? true,
    client: options.client ?? true,
    ignore: [...(options.ignore ?? [])],
    ignoreHosts: [...(options.ignoreHosts ?? [])],
    redactQuery: new Set([...SENSITIVE_QUERY_KEYS, ...lowerCase(options.redactQuery)]),
    requestHeaders: lowerCase(options.requestHeaders),
    responseHeaders: lowerCase(options.responseHeaders),
    knownMethods: new Set(options.knownMethods ?? (fromEnv.length > 0 ? fromEnv : KNOWN_METHODS)),
    trustProxy: options.trustProxy ?? false,
    exceptionSignal: exceptionSignal(env),
  };
};
