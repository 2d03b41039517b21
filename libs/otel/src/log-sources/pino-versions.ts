import nodeModule from 'node:module';
import { join } from 'node:path';
import { copyOf } from '../api/api-copies.js';

const SINCE = [9, 10] as const;

export const WHY_OLD_PINO = `pino publishes its lines since ${SINCE.join('.')}; a newer pino sends them`;

/** Returns true if this version of pino publishes its lines on diagnostics channels. */
export const publishesLines = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1]);
};

/** Matches a file of pino of any version, in a directory of any name. */
const MARK = /[/\\]lib[/\\]proto\.js$/;

/** The loaded versions of pino whose lines cannot be captured, each with its directory. */
export const silentPinos = (
  cache: object = nodeModule.createRequire(join(process.cwd(), 'x')).cache,
): readonly string[] =>
  Object.keys(cache)
    .filter((file) => MARK.test(file))
    .map((file) => copyOf(file, 'pino'))
    .filter((copy) => copy !== undefined && !publishesLines(copy.version))
    .map((copy) => `${copy?.version} in ${copy?.path}`);
