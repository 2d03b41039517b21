import type { LogFormat, LogLevelName, LogsOptions } from '../options/otel.options.js';

/** Nest's levels from the least to the most severe. */
export const LOG_LEVELS = ['verbose', 'debug', 'log', 'warn', 'error', 'fatal'] as const;

export interface LoggerSettings {
  readonly format: LogFormat;
  /** The least severe level that is printed and sent. */
  readonly level: LogLevelName;
  /** Whether log calls become OTLP log records. */
  readonly emit: boolean;
  /** Whether lines of pino become log records too, where log calls do. Default: true. */
  readonly pino?: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Code over `OTEL_*` over default. */
export const resolveLogger = (options: LogsOptions = {}, env: Env = process.env): LoggerSettings =>
  Object.freeze({
    format: options.format ?? (env['NODE_ENV'] === 'production' ? 'json' : 'pretty'),
    level: options.level ?? 'log',
    emit: !disabled(env) && !exporters(options, env).includes('none'),
    pino: options.pino ?? true,
  });

const exporters = (options: LogsOptions, env: Env): readonly string[] =>
  options.exporters ?? (env['OTEL_LOGS_EXPORTER'] ?? '').split(',').map((name) => name.trim());

const disabled = (env: Env): boolean => env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
