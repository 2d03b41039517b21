import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

const sources = fileURLToPath(new URL('app', import.meta.url));
const configuration = fileURLToPath(new URL('../../.swcrc', import.meta.url));
const LIBS = ['otel', 'otlp'];

/** A folder with the compiled app and a copy of our packages, in reach of the packages of a folder above it. */
export interface Home {
  readonly folder: string;
  readonly main: string;
  remove(): void;
}

/** Compiles each TypeScript of the app, and copies the rest. */
function writeApp(to: string): void {
  for (const entry of readdirSync(sources, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const target = join(to, from.slice(sources.length + 1));
    mkdirSync(join(target, '..'), { recursive: true });
    if (entry.name.endsWith('.ts')) {
      const { code } = transformFileSync(from, {
        configFile: configuration,
        sourceMaps: false,
      });
      writeFileSync(target.replace(/\.ts$/, '.js'), code);
    } else cpSync(from, target);
  }
  writeFileSync(join(to, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What our packages need and the folder does not have; so that a dependency that is new is not found by chance. */
export function missingIn(above: string, checkout: string): readonly string[] {
  return LIBS.flatMap((lib) => {
    const text = readFileSync(join(checkout, 'libs', lib, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(text) as Manifest;
    return Object.keys(dependencies).filter((name) => {
      if (name.startsWith('@nestlens/')) return false;
      try {
        readFileSync(join(above, 'node_modules', name, 'package.json'));
        return false;
      } catch {
        return true;
      }
    });
  });
}

/** Compiles the app into a folder in reach of this project's own packages, ours as they are built. */
export function makeOwnHome(): Home {
  const above = fileURLToPath(new URL('../../.nestlens', import.meta.url));
  mkdirSync(above, { recursive: true });
  return writtenHome(mkdtempSync(join(above, 'bench-')));
}

function writtenHome(folder: string): Home {
  writeApp(folder);
  return {
    folder,
    main: join(folder, 'main.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Publisher {
  writePackage(lib: string, to: string): Promise<void>;
}

/** As `npm run packages` writes them, or as the compiler does, a file for each module. */
export type Form = 'published' | 'built';

/** Writes our packages; of a checkout that does not know how to publish, as they are built. */
async function writePackages(checkout: string, to: string, form: Form): Promise<void> {
  const publisher = join(checkout, 'tools', 'packages', 'write-package.ts');
  const known =
    form === 'published' && existsSync(publisher)
      ? ((await import(pathToFileURL(publisher).href)) as Publisher)
      : undefined;
  for (const lib of LIBS) {
    const [from, target] = [join(checkout, 'libs', lib), join(to, lib)];
    if (known !== undefined) await known.writePackage(lib, target);
    else {
      cpSync(join(from, 'package.json'), join(target, 'package.json'));
      cpSync(join(from, 'dist'), join(target, 'dist'), { recursive: true });
    }
  }
}

/** Throws if our packages are not built, or need what the peers do not have. */
export async function makeHome(above: string, checkout: string, form: Form): Promise<Home> {
  const missing = missingIn(above, checkout);
  if (missing.length > 0) {
    throw new Error(
      `bench/peers/package.json has no ${missing.join(', ')}, which our packages need`,
    );
  }
  const home = writtenHome(mkdtempSync(join(above, 'run-')));
  await writePackages(checkout, join(home.folder, 'node_modules', '@nestlens'), form);
  return home;
}
