import type { ExceptionSignal } from '../exceptions/record-exception.js';
import type { HttpConfig, OtelConfig } from '../options/otel.config.js';
import { SENSITIVE_QUERY_KEYS } from './redaction.js';

/** {@link HttpConfig} as requests ask for it. */
export interface HttpSettings extends Omit<HttpConfig, 'redactQuery' | 'knownMethods'> {
  /** Lower case, the defaults included. */
  readonly redactQuery: ReadonlySet<string>;
  /** Lower case. */
  readonly requestHeaders: readonly string[];
  /** Lower case. */
  readonly responseHeaders: readonly string[];
  /** Case-sensitive, as methods are. */
  readonly knownMethods: ReadonlySet<string>;
  readonly exceptionSignal: ExceptionSignal;
}

/** Injection token of the resolved {@link HttpSettings}. */
export const HTTP_SETTINGS = Symbol('nestlens.http.settings');

const lowerCase = (words: readonly string[]): string[] => [
  ...new Set(words.map((word) => word.toLowerCase())),
];

/** The configuration in the forms in which each request asks for it. */
export const httpSettings = ({
  http,
  exceptionSignal,
}: Pick<OtelConfig, 'http' | 'exceptionSignal'>): HttpSettings => ({
  ...http,
  redactQuery: new Set([...SENSITIVE_QUERY_KEYS, ...lowerCase(http.redactQuery)]),
  requestHeaders: lowerCase(http.requestHeaders),
  responseHeaders: lowerCase(http.responseHeaders),
  knownMethods: new Set(http.knownMethods),
  exceptionSignal,
});
