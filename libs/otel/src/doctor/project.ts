import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { copyOf } from '../api/api-copies.js';
import type { ApiCopy } from '../api/api-copies.js';

/** The parts of a `package.json` that are read. */
interface Manifest {
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The folders above `directory`, itself first. */
export const ancestors = (directory: string): readonly string[] => {
  const above = dirname(directory);
  return above === directory ? [directory] : [directory, ...ancestors(above)];
};

/** The package that code in `directory` would get by `name`, as Node looks for it in `node_modules`. */
export const findPackage = (directory: string, name: string): ApiCopy | undefined => {
  for (const folder of ancestors(directory)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    if (!existsSync(file)) continue;
    // With linked packages, dependencies are found from the real place of the package.
    return copyOf(realpathSync(file), name);
  }
  return undefined;
};

/** Empty if there is none, or if it cannot be read. */
export const manifestIn = (directory: string): Manifest => {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return {};
  }
};

/** A path as the output shows it: relative to the project if it is below it. */
export const shownPath = (project: string, path: string): string => {
  const short = relative(project, path);
  return short === '' || short.startsWith('..') ? path : short;
};
