import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { PUBLISHED, writePackage } from '../../tools/packages/write-package.js';
import { root } from '../house/tree.js';

const exec = promisify(execFile);
const here = join(root, 'test', 'install');
const NPM_FLAGS = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];

/** Makes a temporary folder outside the workspace, so that its node_modules are not found. */
export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'nestlens-install-'));

export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true });

/** Packs the libs as they are published. Returns each tarball by package name. */
export const packLibs = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const tarballs = new Map<string, string>();
  for (const lib of PUBLISHED) {
    const home = join(folder, 'packages', lib);
    await writePackage(lib, home);
    const { stdout } = await exec(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: home },
    );
    const packed: unknown = JSON.parse(stdout);
    const [entry] = (Array.isArray(packed) ? packed : Object.values(packed as object)) as [
      { name: string; filename: string },
    ];
    tarballs.set(entry.name, join(folder, entry.filename.replace('@', '').replace('/', '-')));
  }
  return tarballs;
};

/**
 * Installs the `node` of an npm package, like the project's own. If the project's own has this version, it is
 * used.
 */
export const installNode = async (folder: string, version: string): Promise<string> => {
  if (process.versions.node === version) return process.execPath;
  const home = join(folder, `node-${version}`);
  await mkdir(home);
  const manifest = { private: true, allowScripts: { node: true }, dependencies: { node: version } };
  await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
  await exec('npm', ['install', ...NPM_FLAGS], { cwd: home });
  return join(home, 'node_modules', '.bin', 'node');
};

/**
 * Makes an app from the template, installs our packages like a user would, and compiles it against our typings.
 */
export const createApp = async (
  folder: string,
  template: string,
  registry: string,
): Promise<string> => {
  const home = join(folder, template);
  await mkdir(home);
  for (const [from, to] of [
    [`${template}/package.json`, 'package.json'],
    ['early.ts', 'early.ts'],
    ['main.ts', 'main.ts'],
    ['tsconfig.app.json', 'tsconfig.json'],
    ['loaded.mjs', 'loaded.mjs'],
    ['two-copies.mjs', 'two-copies.mjs'],
    ['terminus.mjs', 'terminus.mjs'],
  ] as const) {
    await copyFile(join(here, from), join(home, to));
  }
  await addTo(home, registry, ['@nestlens/otel', '@nestlens/testing'], []);
  await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', home], { cwd: home });
  return home;
};

/**
 * Resolves the app's dependencies, then adds packages to it, which is where npm finds conflicts. Rejects with npm's
 * output.
 */
const addTo = async (
  home: string,
  registry: string,
  names: readonly string[],
  flags: readonly string[],
): Promise<void> => {
  await writeFile(join(home, '.npmrc'), `@nestlens:registry=${registry}\n`);
  const given = ['install', '--ignore-scripts', ...NPM_FLAGS];
  await exec('npm', [...given, '--package-lock-only'], { cwd: home });
  await exec('npm', [...given, ...flags, ...names], { cwd: home });
};

/** A lockfile of npm: each package by its path from the app. */
export type Locked = Readonly<Record<string, { readonly version?: string }>>;

export const lockedPackages = async (home: string): Promise<Locked> => {
  const lock = JSON.parse(await readFile(join(home, 'package-lock.json'), 'utf8')) as {
    packages: Locked;
  };
  return lock.packages;
};

/**
 * Resolves an app with these dependencies to which `names` are added, without installing them. Rejects where
 * npm would report ERESOLVE to a user, or where peers do not match.
 */
export const resolveApp = async (
  home: string,
  registry: string,
  dependencies: Readonly<Record<string, string>>,
  names: readonly string[],
): Promise<Locked> => {
  await mkdir(home);
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await addTo(home, registry, names, ['--package-lock-only']);
  await exec('npm', ['ls', '--all', '--package-lock-only'], { cwd: home });
  return lockedPackages(home);
};

export interface RunningApp {
  readonly url: string;
  readonly output: readonly string[];
  /** Sends SIGTERM and resolves with the process's exit. */
  stop(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(): void;
}

const listening = async (child: ChildProcess, output: string[]): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      const url = /listening on (http\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  }
  child.once('exit', (code) => reject(new Error(`exit ${code} at start:\n${output.join('\n')}`)));
  return promise;
};

/** Packages that Nest imports only if they are installed. */
const OPTIONAL = [
  '@nestjs/microservices',
  '@nestjs/websockets',
  'class-transformer',
  'class-validator',
];
/** CommonJS packages in an ES module need `require` for the modules of Node. */
const REQUIRE =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

/**
 * Bundles the app into one file, in a folder without node_modules. With `worker` the export worker's file lies
 * beside it.
 */
export const bundleApp = async (
  home: string,
  target: string,
  format: 'cjs' | 'esm',
  worker: boolean,
): Promise<string> => {
  const esbuild = join(home, 'node_modules', '.bin', 'esbuild');
  const given = [
    '--bundle',
    '--platform=node',
    '--keep-names',
    `--format=${format}`,
    '--log-level=error',
  ];
  const out = join(target, format === 'esm' ? 'main.mjs' : 'main.cjs');
  const externals = OPTIONAL.flatMap((name) => [`--external:${name}`, `--external:${name}/*`]);
  const banner = format === 'esm' ? [`--banner:js=${REQUIRE}`] : [];
  await exec(esbuild, ['dist/main.js', ...given, `--outfile=${out}`, ...externals, ...banner], {
    cwd: home,
  });
  if (worker) {
    const file = join(target, 'nestlens-otlp-worker.js');
    await exec(esbuild, ['@nestlens/otel/worker', ...given, `--outfile=${file}`], { cwd: home });
    const type = format === 'esm' ? 'module' : 'commonjs';
    await writeFile(join(target, 'package.json'), JSON.stringify({ type }));
  }
  return out;
};

/** Runs the specs of a folder of the app with the Jest setup of `nest new`. Returns the output. */
export const runJest = async (
  node: string,
  home: string,
  jest: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const cli = join(home, 'node_modules', jest, 'bin', 'jest.js');
  const { stdout, stderr } = await exec(node, [cli, '--testTimeout=60000'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
  });
  return stdout + stderr;
};

/** Checks the types of a script against those of the app's packages. Rejects with the compiler's output. */
export const checkScript = async (home: string, script: string): Promise<void> => {
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const path = join(home, 'tsconfig.script.json');
  const config = { extends: './tsconfig.json', compilerOptions, files: [script] };
  await writeFile(path, JSON.stringify(config));
  await exec(join(root, 'node_modules', '.bin', 'tsc'), ['-p', path], { cwd: home });
};

/** Runs a script in the app's folder. Returns its output, line by line. */
export const runScript = async (
  node: string,
  home: string,
  ...args: readonly string[]
): Promise<readonly string[]> => {
  const none = {
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  };
  const { stdout, stderr } = await exec(node, [...args], {
    cwd: home,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...none },
  });
  return [...stdout.split('\n'), ...stderr.split('\n')];
};

export const startApp = async (
  node: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningApp> => {
  const output: string[] = [];
  const child = spawn(node, [file], {
    cwd: dirname(file),
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = await listening(child, output);
  return {
    url,
    output,
    async stop() {
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      return { code, signal };
    },
    kill: () => void child.kill('SIGKILL'),
  };
};
