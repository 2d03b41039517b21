import type { ApiCopy } from '../api/api-copies.js';
import { fault, notChecked, ok, warning } from './check.js';
import type { Check, Finding } from './check.js';
import { findPackage, manifestIn } from './project.js';
import { isInRange } from './version-range.js';

const OURS = '@nestlens/otel';
const API = '@opentelemetry/api';

/** A package that is not as our manifest asks: the fact, and whether the app can do without it. */
interface Wanted {
  readonly name: string;
  readonly range: string;
  readonly isOptional: boolean;
}

/** The requirements of the installed `@nestlens/otel`. */
const wantedBy = (path: string): readonly Wanted[] => {
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifestIn(path);
  return Object.entries(peerDependencies).map(([name, range]) => ({
    name,
    range,
    isOptional: peerDependenciesMeta[name]?.optional === true,
  }));
};

const compared = (project: string, wanted: readonly Wanted[], whose: string): Finding => {
  const right: string[] = [];
  const wrong: string[] = [];
  const installs: string[] = [];
  for (const { name, range, isOptional } of wanted) {
    const version = findPackage(project, name)?.version;
    if (version !== undefined && isInRange(version, range)) right.push(`${name} ${version}`);
    else if (version !== undefined || !isOptional) {
      wrong.push(`${name} is ${version ?? 'not installed'}, and ${whose} supports ${range}`);
      installs.push(`"${name}@${range}"`);
    }
  }
  if (wrong.length === 0) return ok(right.join(', '));
  return fault(wrong.join('; '), `npm install ${installs.join(' ')}`);
};

const node = (project: string, version: string): Finding => {
  const path = findPackage(project, OURS)?.path;
  if (path === undefined) return notChecked(`Node ${version}; ${OURS} is not installed here`);
  const range = manifestIn(path).engines?.['node'] ?? '*';
  const text = `this command runs on Node ${version}, supported is ${range}`;
  return isInRange(version, range)
    ? ok(text)
    : fault(text, 'install a supported Node, and start the app with it');
};

const nestlens = (project: string): Finding => {
  const own = findPackage(project, OURS);
  if (own === undefined) {
    const where = `${OURS} is not in node_modules of ${project} or of a folder above`;
    return fault(where, `npm install ${OURS}, and run this where package.json is`);
  }
  const { state, text, remedy } = dependency(own, '@nestlens/otlp');
  if (state !== 'ok') return warning(text, remedy ?? 'npm install');
  return ok(`${OURS} ${own.version}, ${text}`);
};

/** Compares the package that `own` gets by `name` with the range in its manifest. */
const dependency = (own: ApiCopy, name: string): Finding => {
  const range = manifestIn(own.path).dependencies?.[name] ?? '*';
  return compared(own.path, [{ name, range, isOptional: false }], `${OURS} ${own.version}`);
};

const opentelemetry = (project: string): Finding => {
  const own = findPackage(project, OURS);
  if (own === undefined) return notChecked(`${OURS} is not installed here`);
  const { state, text } = dependency(own, API);
  const theirs = findPackage(project, API)?.version;
  const found = `${text} for ${OURS}, ${theirs === undefined ? 'none' : theirs} for the app`;
  // A range that a package manager has passed over: a version that the app names does not help.
  if (state !== 'ok')
    return fault(found, `npm install ${OURS}, and npm ls ${API} shows who asks for it`);
  return ok(theirs === undefined ? `${found}, which adds it to import from it` : found);
};

const peers = (project: string): Finding => {
  const own = findPackage(project, OURS);
  if (own === undefined) return notChecked(`${OURS} is not installed here`);
  return compared(project, wantedBy(own.path), `${OURS} ${own.version}`);
};

/** Compares the installed packages with the ranges in the `package.json` of the installed `@nestlens/otel`. */
export const versionChecks = (project: string, nodeVersion: string): readonly Check[] => [
  { name: 'node', run: () => node(project, nodeVersion) },
  { name: 'nestlens', run: () => nestlens(project) },
  { name: 'nest', run: () => peers(project) },
  { name: 'opentelemetry', run: () => opentelemetry(project) },
];
