import { execFile } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every library that is published. */
export const PUBLISHED = ['otlp', 'otel', 'testing', 'lens'] as const;

type Exported = string | { readonly [condition: string]: Exported };

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Exported;
  readonly files: readonly string[];
}

/** The ES modules that others load by their path: each export, and each command. */
function entriesOf({ bin = {}, exports }: Manifest): readonly string[] {
  const files = (part: Exported): readonly string[] =>
    typeof part === 'string' ? [part] : Object.values(part).flatMap(files);
  const named = [...files(exports), ...Object.values(bin)];
  return [...new Set(named)].filter((file) => /^\.\/dist\/.*\.js$/.test(file));
}

/** A file that the bundle takes the place of, or a note of the compiler. */
const isLeftOut = (path: string): boolean =>
  /[/\\]dist[/\\].*\.(js|js\.map)$|tsbuildinfo/.test(path);

/**
 * Writes a built library into a folder as it is published. Its ES modules become a file for each entry and a few that
 * entries share: Node takes half a millisecond for each file that a start loads. Typings and the CommonJS build stay as
 * the compiler wrote them, since Node loads neither.
 */
export async function writePackage(lib: (typeof PUBLISHED)[number], to: string): Promise<void> {
  const from = join(root, 'libs', lib);
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest;
  for (const file of ['package.json', ...manifest.files.filter((name) => !name.startsWith('!'))]) {
    const filter = (path: string): boolean => !isLeftOut(path);
    cpSync(join(from, file), join(to, file), { recursive: true, filter });
  }
  await exec(
    join(root, 'node_modules', '.bin', 'esbuild'),
    [
      ...entriesOf(manifest),
      '--bundle',
      '--splitting',
      '--format=esm',
      '--platform=node',
      '--target=node22',
      '--packages=external',
      '--keep-names',
      '--outbase=dist',
      `--outdir=${join(to, 'dist')}`,
      '--tsconfig-raw={}',
      '--log-level=warning',
    ],
    { cwd: from },
  );
  for (const file of filesIn(join(to, 'dist'))) {
    writeFileSync(file, namesOfClassesOnly(readFileSync(file, 'utf8')));
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name));
}

const NAMING = /var __name = \(target, value\) => __defProp\(.*\);/;
const NAMED_CLASS = /static \{\s*__name\(this, ("[^"]*")\);/g;

/**
 * esbuild keeps names by a call for each class and each function, also for each closure whenever it is made: that took a
 * third of the cost of a traced request. Names of classes stand in telemetry and in the messages of Nest, and a class that
 * mentions itself would lose its own. Names of functions stand in stacks alone, where esbuild changes few.
 */
function namesOfClassesOnly(code: string): string {
  const named = code.replaceAll(
    NAMED_CLASS,
    'static { Object.defineProperty(this, "name", { value: $1, configurable: true });',
  );
  return named.replace(NAMING, 'var __name = (target) => target;');
}
