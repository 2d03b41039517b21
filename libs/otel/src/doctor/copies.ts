import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { copyOf } from '../api/api-copies.js';
import type { ApiCopy } from '../api/api-copies.js';
import { notChecked, ok, warning } from './check.js';
import type { Check, Finding } from './check.js';
import { ancestors, shownPath } from './project.js';
import { isInRange } from './version-range.js';

/** Packages whose second copy has a second state, each with the consequence. */
const STATEFUL: Readonly<Record<string, string>> = {
  '@opentelemetry/api': 'the first that registers refuses the other versions',
  '@opentelemetry/sdk-trace': 'classes of one are not those of the other',
  '@opentelemetry/sdk-trace-base': 'classes of one are not those of the other',
  '@opentelemetry/sdk-metrics': 'classes of one are not those of the other',
  '@opentelemetry/sdk-logs': 'classes of one are not those of the other',
  '@nestlens/otel': 'each may have an OtelModule of its own',
  '@nestlens/otlp': 'each pipeline has its own memory and connections',
  '@nestjs/core': 'Nest knows only the classes of its own copy',
};
const NAMES = Object.keys(STATEFUL);

/**
 * Returns true if several copies are no fault. The API from 1.9 on shares its registrations with every copy. An app that
 * used another major version of the SDK before us has one SDK of each, whose classes are independent.
 */
const workBesideEachOther = (name: string, versions: readonly string[]): boolean => {
  if (name === '@opentelemetry/api') {
    return new Set(versions).size === 1 || versions.every((one) => isInRange(one, '^1.9.0'));
  }
  const majors = new Set(versions.map((version) => version.split('.')[0]));
  return name.startsWith('@opentelemetry/sdk-') && majors.size === versions.length;
};

/** The testing kit records with an SDK of its own, which lies below it in an app with another version of the API. */
const OF_TESTS = /[\\/]@nestlens[\\/]testing[\\/]node_modules[\\/]/;

/** The maximum of folders that are searched. A large monorepo has some 20,000 packages. */
const MOST_FOLDERS = 100_000;

const foldersIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => name);
  } catch {
    return [];
  }
};

/**
 * Each `node_modules` that the project can reach: its own, those of the folders above, and those inside of packages.
 */
class Search {
  readonly found = new Map<string, ApiCopy & { readonly name: string }>();
  readonly #seen = new Set<string>();
  isWhole = true;

  look(modules: string): void {
    const real = existsSync(modules) ? realpathSync(modules) : undefined;
    if (real === undefined || this.#seen.has(real)) return;
    if (this.#seen.size >= MOST_FOLDERS) {
      this.isWhole = false;
      return;
    }
    this.#seen.add(real);
    for (const name of NAMES) this.#note(real, name);
    for (const entry of foldersIn(real)) this.#inside(join(real, entry), entry);
  }

  #inside(path: string, entry: string): void {
    if (entry === '.pnpm')
      for (const name of foldersIn(path)) this.look(join(path, name, 'node_modules'));
    else if (entry.startsWith('@')) {
      for (const name of foldersIn(path)) this.look(join(path, name, 'node_modules'));
    } else if (!entry.startsWith('.')) this.look(join(path, 'node_modules'));
  }

  #note(modules: string, name: string): void {
    const file = join(modules, name, 'package.json');
    if (!existsSync(file)) return;
    const copy = copyOf(realpathSync(file), name);
    if (copy !== undefined && !OF_TESTS.test(copy.path))
      this.found.set(copy.path, { ...copy, name });
  }
}

const copies = (project: string): Finding => {
  const roots = ancestors(project).map((folder) => join(folder, 'node_modules'));
  if (!roots.some((root) => existsSync(root))) {
    return notChecked('there is no node_modules here or above; packages in archives are not read');
  }
  const search = new Search();
  for (const root of roots) search.look(root);
  const texts: string[] = [];
  const wrong: string[] = [];
  for (const name of NAMES) {
    const all = [...search.found.values()].filter((copy) => copy.name === name);
    const versions = all.map(({ version }) => version);
    if (all.length < 2 || workBesideEachOther(name, versions)) {
      if (all.length > 0) texts.push(`${name} ${[...new Set(versions)].join(' and ')}`);
      continue;
    }
    const places = all.map(({ version, path }) => `${version} in ${shownPath(project, path)}`);
    wrong.push(`${name} is there ${all.length} times (${places.join(', ')}): ${STATEFUL[name]}`);
  }
  if (wrong.length > 0) {
    return warning(
      wrong.join('; '),
      'have one version of each: npm ls NAME shows who asks for it, npm dedupe joins',
    );
  }
  const within = search.isWhole ? '' : `; of the first ${MOST_FOLDERS} folders`;
  return ok(`one of each, or such that work as one, in node_modules${within}: ${texts.join(', ')}`);
};

/** Checks on the disk that a package with one shared state is installed only once. */
export const copiesCheck = (project: string): Check => ({
  name: 'copies',
  run: () => copies(project),
});
