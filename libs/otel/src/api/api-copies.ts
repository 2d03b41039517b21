import { readFileSync } from 'node:fs';
// `createRequire` is not called by its name: webpack writes `undefined` for such a call with an unknown argument.
import nodeModule from 'node:module';
import { dirname, extname, join } from 'node:path';
import type * as api from '@opentelemetry/api';

/** A copy of a package on the disk, such as `@opentelemetry/api`. */
export interface ApiCopy {
  readonly version: string;
  /** Its directory. */
  readonly path: string;
}

const NAME = '@opentelemetry/api';
/** The file of each copy, of any version, that reads the shared object: the directory may have another name. */
const MARK = /[/\\]internal[/\\]global-utils\.c?js$/;
const DEEPEST = 6;

/**
 * The copies of the API that this process has loaded with `require`, and those that the program and this package
 * resolve to. It does not find copies that only ES modules deeper inside import, since Node keeps no list of those. It
 * finds no copies in a bundle. It reads a list of paths and a few manifests, which takes less than a millisecond. Never
 * throws.
 */
export const apiCopies = (
  main: string = process.argv[1] ?? process.cwd(),
  cache?: object,
): readonly ApiCopy[] => {
  const fromMain = nodeModule.createRequire(
    /^[/\\]|^\w:/.test(main) ? main : join(process.cwd(), 'main.js'),
  );
  const files = Object.keys(cache ?? fromMain.cache).filter((file) => MARK.test(file));
  const entry = resolved(fromMain, NAME);
  if (entry !== undefined) files.push(entry);
  const own = resolved(fromMain, '@nestlens/otel');
  const ownEntry = own && resolved(nodeModule.createRequire(own), NAME);
  if (ownEntry !== undefined) files.push(ownEntry);
  const copies = new Map<string, ApiCopy>();
  for (const file of files) {
    const copy = copyOf(file, NAME);
    if (copy !== undefined) copies.set(copy.path, copy);
  }
  return [...copies.values()];
};

/** The exports of a copy of the API that hand out tracers and loggers. `logs` is there since 1.10. */
export interface ApiHandles {
  readonly trace: Pick<typeof api.trace, 'getTracerProvider' | 'setGlobalTracerProvider'>;
  readonly logs?: Pick<typeof api.logs, 'setGlobalLoggerProvider'>;
}

/**
 * The copies of the API that were loaded with `require`, by Node's own cache. It looks once at each path there. An app
 * in CommonJS, and each package in it, has another copy than this package if Node loads this package as ES modules.
 * Never throws.
 */
export const requiredApis = (
  cache: object = nodeModule.createRequire(join(process.cwd(), 'main.js')).cache,
): readonly ApiHandles[] => {
  const modules = cache as Readonly<Record<string, Partial<NodeJS.Module> | undefined>>;
  return Object.keys(modules).flatMap((file) => {
    if (!MARK.test(file)) return [];
    const entry = join(dirname(dirname(file)), `index${extname(file)}`);
    const { trace, logs } = (modules[entry]?.exports ?? {}) as Partial<ApiHandles>;
    if (typeof trace?.setGlobalTracerProvider !== 'function') return [];
    return [{ trace, ...(logs !== undefined && { logs }) }];
  });
};

const resolved = (require: NodeJS.Require, name: string): string | undefined => {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
};

/** The package that `file` belongs to, if it is `wanted`: builds have manifests without a name of their own. */
export const copyOf = (file: string, wanted: string): ApiCopy | undefined => {
  let path = dirname(file);
  for (let depth = 0; depth < DEEPEST; depth++) {
    const { name, version } = manifestOf(path);
    if (name === wanted && typeof version === 'string') return { version, path };
    path = dirname(path);
  }
  return undefined;
};

const manifestOf = (path: string): { readonly name?: unknown; readonly version?: unknown } => {
  try {
    return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as object;
  } catch {
    return {};
  }
};
