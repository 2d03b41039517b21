import type { SeverityNumber } from '@opentelemetry/api';

/** Names of levels in pino, winston (npm, syslog) and their like. [logs data model, SeverityNumber] */
const BY_NAME: Readonly<Record<string, SeverityNumber>> = {
  silly: 1,
  trace: 1,
  verbose: 5,
  debug: 5,
  http: 9,
  info: 9,
  notice: 10,
  warn: 13,
  warning: 13,
  error: 17,
  err: 17,
  crit: 18,
  alert: 19,
  emerg: 21,
  fatal: 21,
};

/** The severity of a level's name; `undefined` for a level of the app's own. */
export const severityOfName = (name: string): SeverityNumber | undefined =>
  Object.hasOwn(BY_NAME, name.toLowerCase()) ? BY_NAME[name.toLowerCase()] : undefined;

const LOWEST = 1;
const HIGHEST = 21;
const PER_RANGE = 4;

/** The severity of a level of pino: 10 is trace, each further 10 the next range, as far as fatal. */
export const severityOfPino = (level: number): SeverityNumber => {
  const range = Math.floor(level / 10) - 1;
  return Math.min(HIGHEST, Math.max(LOWEST, range * PER_RANGE + 1));
};
