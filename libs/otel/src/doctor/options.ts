import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OtelConfig } from '../options/otel.config.js';
import { OtelConfigError } from '../options/faults.js';
import { resolveConfig } from '../options/resolve.js';
import { errorText } from '../secrets/masked-text.js';
import { fault, ok, warning } from './check.js';
import type { Check, Finding } from './check.js';
import { shownPath } from './project.js';

/** A file that TypeScript compiled to CommonJS has its default export one step further inside. */
const defaultOf = ({ default: given }: { readonly default?: unknown }): unknown => {
  const inner = given as { readonly __esModule?: unknown; readonly default?: unknown } | undefined;
  return inner?.__esModule === true ? inner.default : given;
};

const CODE_UNREAD = 'what the code gives to forRoot is read by --options only';

type Given = { readonly options: unknown } | { readonly finding: Finding };

const givenBy = async (project: string, file: string): Promise<Given> => {
  const path = resolve(project, file);
  if (!existsSync(path)) {
    return { finding: fault(`${shownPath(project, path)} is not there`, 'correct --options') };
  }
  try {
    const options = defaultOf((await import(pathToFileURL(path).href)) as object);
    if (options !== undefined) return { options };
    const remedy = 'export the options of forRoot as its default';
    return { finding: fault(`${file} has no default export`, remedy) };
  } catch (error) {
    const remedy = `node ${file} shows where; TypeScript has to be compiled first`;
    return { finding: fault(`${file} cannot be run: ${errorText(error)}`, remedy) };
  }
};

const resolved = (given: unknown, from: string, keep: (config: OtelConfig) => void): Finding => {
  try {
    const config = resolveConfig(given);
    keep(config);
    if (config.warnings.length === 0) return ok(from);
    return warning(`${from}: ${config.warnings.join(' ')}`, 'correct what the warnings name');
  } catch (error) {
    if (!(error instanceof OtelConfigError)) throw error;
    const faults = error.faults.map(({ path, found, remedy }) =>
      found === undefined ? `${path}: ${remedy}` : `${path}: found ${found}; ${remedy}`,
    );
    return fault(`${from}: ${faults.join('; ')}`, 'correct them: no app starts with them');
  }
};

/**
 * Resolves the options of `file` by the module's own rules; without a file those of `OTEL_*` and the defaults. `keep`
 * gets the resolved configuration, unless the options have faults.
 */
export const optionsCheck = (
  project: string,
  file: string | undefined,
  keep: (config: OtelConfig) => void,
): Check => ({
  name: 'options',
  async run(): Promise<Finding> {
    if (file === undefined) {
      return resolved(undefined, `from OTEL_* variables and defaults; ${CODE_UNREAD}`, keep);
    }
    const given = await givenBy(project, file);
    if ('finding' in given) return given.finding;
    return resolved(given.options, `from ${file}, OTEL_* variables and defaults`, keep);
  },
});
