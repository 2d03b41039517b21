import { LOG_LEVELS } from '../options/option-names.js';
import type { LogsConfig } from '../options/otel.config.js';

export { LOG_LEVELS };

/** What {@link LogsConfig} says to a logger. */
export type LoggerSettings = Pick<LogsConfig, 'format' | 'level' | 'emit'> &
  Partial<Pick<LogsConfig, 'pino'>>;
