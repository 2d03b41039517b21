import * as util from 'node:util';
import { ModulesContainer } from '@nestjs/core';
import { diag } from '@opentelemetry/api';
import { SCOPE_NAME } from '../late-bound/own-telemetry.js';
import { VERSION } from '../late-bound/version.js';

/** One loaded copy of this package: another version, ES modules beside CommonJS, or one inside of a bundle. */
interface PackageCopy {
  readonly version: string;
  /** The file that was loaded. */
  readonly path: string;
  /** Nest's own class. It shows which copy of Nest this copy uses. */
  readonly nest: unknown;
  /** The exports that other copies may use instead of their own. */
  readonly exports: Readonly<Record<string, unknown>>;
}

const KEY = Symbol.for('nestlens.otel.copies');
const holder = globalThis as { [KEY]?: PackageCopy[] };

/** All copies that this process has loaded, in the order of loading. */
export const packageCopies = (): readonly PackageCopy[] => holder[KEY] ?? [];

/** There is no `import.meta` in CommonJS and no `__filename` in ES modules. */
const ownFile = (): string => util.getCallSites(3).at(-1)?.scriptName ?? 'an unknown file';

/** Below 1.0 a minor version may break; from then on a major one. */
const line = (version: string): string => {
  const [major, minor] = version.split('.');
  return major === '0' ? `0.${minor}` : String(major);
};

/**
 * Makes one copy of all copies of one version line. Each later copy exports the objects of the first, so that Nest
 * finds one `OtelModule` and one class to inject. Copies that use different copies of Nest stay apart, since Nest knows
 * only its own classes.
 */
export const shareExports = <E extends Readonly<Record<string, unknown>>>(
  own: E,
  copy: Omit<PackageCopy, 'exports'> = {
    version: VERSION,
    path: ownFile(),
    nest: ModulesContainer,
  },
): E => {
  const copies = (holder[KEY] ??= []);
  const first = copies.find(
    ({ nest, version }) => nest === copy.nest && line(version) === line(copy.version),
  );
  copies.push({ ...copy, exports: own });
  // This copy was loaded after the start, whose report named the others.
  const text = copiesText();
  if (text !== undefined) diag.warn(text);
  return first === undefined ? own : { ...own, ...(first.exports as Partial<E>) };
};

/** The warning about several copies; undefined if there is one. */
export const copiesText = (): string | undefined => {
  const copies = packageCopies();
  // The same file again is the same copy, loaded anew, such as by `jest.resetModules()`.
  const files = [...new Map(copies.map((copy) => [copy.path, copy])).values()];
  const [first] = files;
  if (first === undefined || files.length === 1) return undefined;
  const isOne = files.every(
    ({ nest, version }) => nest === first.nest && line(version) === line(first.version),
  );
  const named = files.map(({ version, path }) => `${version} (${path})`).join(', ');
  return (
    `${SCOPE_NAME} is loaded ${files.length} times in this process: ${named}. ` +
    (isOne
      ? 'The first serves them all.'
      : 'They have globals in common, but each has an OtelModule of its own.') +
    ' Install one version, or leave the package out of the bundle, to have one.'
  );
};
