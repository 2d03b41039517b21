import { DiagLogLevel, ROOT_CONTEXT } from '@opentelemetry/api';
import type { DiagLogger } from '@opentelemetry/api';
import { LogRateLimit } from '@nestlens/otlp';
import { holdDiagnostics } from '../api/diag.js';
import { contexts } from '../context/contexts.js';
import type { DiagnosticsOptions } from '../options/otel.options.js';
import { isErrorLike } from '../exceptions/error-like.js';
import { toText } from '../exceptions/text.js';
import type { LoggerSettings } from '../options/otel.config.js';
import { OtelLogger } from './otel-logger.js';
import type { SecretMask } from '../secrets/secret-mask.js';

const LEVELS: Readonly<Record<NonNullable<DiagnosticsOptions['level']>, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

const CONTEXT = 'OpenTelemetry';
const MAX_LINE_CHARS = 2000;
// This limit is well above the shown length, so that a secret cut in two here is cut off there.
const MAX_MASKED_CHARS = 10_000;
const MAX_CAUSE_CHARS = 120;
const MAX_CAUSES = 200;
// After a gRPC status comes how far the call got, which is another story each time.
const GRPC_DETAILS = /\b(\d{1,2} [A-Z_]{2,}):.*/;
// Parts that differ between two occurrences of one trouble.
const VARYING = /"[^"]*"|'[^']*'|\b[\da-f]{8,}\b|\d+/gi;

/** Nest's levels that the lines have. */
type Level = 'verbose' | 'debug' | 'log' | 'warn' | 'error';

interface DiagBridgeOptions {
  /** The logger whose format the lines have. */
  readonly settings: LoggerSettings;
  readonly mask: SecretMask;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * OpenTelemetry's diagnostics as lines of the app's console, never as telemetry: in the format of the app's logs,
 * secrets masked, errors, warnings and infos one per cause and minute. Debug and verbose lines, which only come on
 * request, are not limited. Never throws.
 */
export class DiagBridge implements DiagLogger {
  readonly #mask: SecretMask;
  readonly #rate = new LogRateLimit({ maxCauses: MAX_CAUSES });
  readonly #now: () => number;
  #release: (() => void) | undefined;
  readonly #print: (level: Level, line: string) => void;

  constructor({ settings, mask, now = () => performance.now() }: DiagBridgeOptions) {
    const printer = new OtelLogger({ ...settings, level: 'verbose', emit: false });
    this.#mask = mask;
    // Timers of the SDK run in the context of the request that happened to start them.
    this.#print = (level, line) => contexts.with(ROOT_CONTEXT, () => printer[level](line, CONTEXT));
    this.#now = now;
  }

  /** Takes the place of any diagnostics logger before. */
  install(level: DiagnosticsOptions['level'] = 'warn'): void {
    this.uninstall();
    this.#release = holdDiagnostics(this, LEVELS[level]);
  }

  /** Gives the place back, see {@link holdDiagnostics}. Safe twice. */
  uninstall(): void {
    this.#release?.();
    this.#release = undefined;
  }

  error(...parts: unknown[]): void {
    this.#limit('error', parts);
  }

  warn(...parts: unknown[]): void {
    this.#limit('warn', parts);
  }

  info(...parts: unknown[]): void {
    this.#limit('log', parts);
  }

  debug(...parts: unknown[]): void {
    this.#say('debug', parts);
  }

  verbose(...parts: unknown[]): void {
    this.#say('verbose', parts);
  }

  #limit(level: Level, parts: readonly unknown[]): void {
    try {
      const line = this.#line(parts);
      const cause = line
        .replace(GRPC_DETAILS, '$1')
        .replaceAll(VARYING, '#')
        .slice(0, MAX_CAUSE_CHARS);
      const suppressed = this.#rate.admit(cause, this.#now());
      if (suppressed === undefined) return;
      const more = suppressed === 0 ? '' : ` (and ${suppressed} more like it since then)`;
      this.#print(level, `${line}${more}`);
    } catch {
      // No listener is left to report to.
    }
  }

  #say(level: Level, parts: readonly unknown[]): void {
    try {
      this.#print(level, this.#line(parts));
    } catch {
      // No listener is left here either.
    }
  }

  #line(parts: readonly unknown[]): string {
    const text = parts.map(describe).filter(Boolean).join(' ');
    return toText(this.#mask.mask(text.slice(0, MAX_MASKED_CHARS)), MAX_LINE_CHARS);
  }
}

const describe = (part: unknown): string => {
  if (typeof part === 'string') return part.startsWith('{') ? fromJson(part) : firstLine(part);
  if (isErrorLike(part)) return errorLine(part);
  try {
    return firstLine(JSON.stringify(part) ?? String(part));
  } catch {
    return '[unprintable]';
  }
};

/** The SDK's error handler passes errors on as JSON, stack included. */
const fromJson = (text: string): string => {
  try {
    const parsed = JSON.parse(text) as Partial<Record<'name' | 'message' | 'code', unknown>>;
    return typeof parsed.message === 'string'
      ? errorLine({ ...parsed, message: parsed.message })
      : text;
  } catch {
    return firstLine(text);
  }
};

const errorLine = (error: { name?: unknown; message: string; code?: unknown }): string => {
  const { name, message, code } = error;
  const head =
    typeof name === 'string' && name !== '' && !message.startsWith(name) ? `${name}: ` : '';
  const known = typeof code === 'string' || typeof code === 'number' ? String(code) : '';
  const tail = known === '' || message.includes(known) ? '' : ` (${known})`;
  return `${head}${firstLine(message)}${tail}`;
};

const firstLine = (text: string): string => {
  const end = text.indexOf('\n');
  return end === -1 ? text : text.slice(0, end);
};
