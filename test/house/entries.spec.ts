import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectFiles, read, root } from './tree.js';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly bugs?: string;
  readonly repository?: Readonly<Record<'type' | 'url' | 'directory', string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

const published = projectFiles('libs/*/package.json')
  .filter((file) => !file.includes('/cjs/'))
  .map((file) => [file.split('/')[1] ?? '', JSON.parse(read(file)) as Manifest] as const)
  .filter(([, manifest]) => manifest.private !== true);

const entries = published.flatMap(([lib, { name, exports }]) =>
  Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => [name + path.slice(1), lib] as const),
);

/** An app outside the workspace that has the packages. A built file counts as present if its source exists. */
const APP = '/app';
const here = (path: string): string =>
  path.replace(`${APP}/node_modules/@nestlens/`, `${root}libs/`);
const sourceOf = (path: string): string =>
  here(path)
    .replace(/\/(dist|cjs)\//, '/src/')
    .replace(/\.d\.ts$/, '.ts');

const host: ts.ModuleResolutionHost = {
  fileExists: (path) => existsSync(path.endsWith('.d.ts') ? sourceOf(path) : here(path)),
  directoryExists: (path) => /^\/app(\/node_modules(\/@nestlens(\/|$).*)?)?$/.test(path),
  readFile: (path) => ts.sys.readFile(here(path)),
};

// Only node16 resolves `require` and `import` differently. With a mode, node10 would read `exports` as well.
const RESOLVERS = [
  ['node10', ts.ModuleResolutionKind.Node10, [undefined]],
  ['node16', ts.ModuleResolutionKind.Node16, [ts.ModuleKind.CommonJS, ts.ModuleKind.ESNext]],
  ['bundler', ts.ModuleResolutionKind.Bundler, [undefined]],
] as const;

describe('published packages', () => {
  it.each(published)('%s has keywords, homepage, repository and bugs', (lib, manifest) => {
    expect(manifest.keywords?.length).toBeGreaterThanOrEqual(5);
    const { repository, homepage, bugs } = manifest;
    expect(repository).toMatchObject({ type: 'git', directory: `libs/${lib}` });
    const project = repository?.url.replace(/^git\+|\.git$/g, '');
    expect(homepage).toBe(`${project}/tree/main/libs/${lib}#readme`);
    expect(bugs).toBe(`${project}/issues`);
  });

  describe.each(entries)('%s', (name, lib) => {
    it.each(RESOLVERS)('has types under moduleResolution %s', (_, moduleResolution, modes) => {
      for (const mode of modes) {
        const { resolvedModule } = ts.resolveModuleName(
          name,
          join(APP, 'main.ts'),
          { moduleResolution },
          host,
          undefined,
          undefined,
          mode,
        );
        expect(resolvedModule?.resolvedFileName).toMatch(
          new RegExp(`^${APP}/node_modules/@nestlens/${lib}/(dist|cjs)/.*\\.d\\.ts$`),
        );
      }
    });
  });
});
