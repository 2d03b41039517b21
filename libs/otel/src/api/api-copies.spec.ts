import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiCopies, requiredApis } from './api-copies.js';

const NAME = '@opentelemetry/api';

describe('apiCopies', () => {
  const root = mkdtempSync(join(tmpdir(), 'api-copies-'));
  const cache: Record<string, object> = {};

  /** Writes a package to the disk. The build directory has a manifest without a name, as in the published package. */
  const packageAt = (path: string, name: string, version: string): string => {
    const directory = join(root, path);
    const file = join(directory, 'build/src/internal/global-utils.js');
    mkdirSync(join(directory, 'build/src/internal'), { recursive: true });
    const main = './build/src/internal/global-utils.js';
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, version, main }));
    writeFileSync(join(directory, 'build/package.json'), '{"type":"commonjs"}');
    writeFileSync(file, '');
    return file;
  };
  const load = (file: string): void => {
    cache[file] = {};
  };

  afterAll(() => {
    rmSync(root, { recursive: true });
  });

  it('names the loaded copies, even in a directory of another name, and the copy that the program resolves', () => {
    packageAt('node_modules/@opentelemetry/api', NAME, '1.9.1');
    load(packageAt('node_modules/sdk/node_modules/aliased', NAME, '1.4.1'));
    load(packageAt('node_modules/other', 'other', '1.2.3'));
    const ours = (path: string): boolean => path.startsWith(root);
    expect(apiCopies(join(root, 'main.js'), cache).filter(({ path }) => ours(path))).toEqual([
      { version: '1.4.1', path: join(root, 'node_modules/sdk/node_modules/aliased') },
      { version: '1.9.1', path: join(root, 'node_modules/@opentelemetry/api') },
    ]);
  });

  it('ignores packages that cannot be read, and accepts a program without a path', () => {
    load(join(root, 'gone/internal/global-utils.js'));
    expect(() => apiCopies('[eval]', cache)).not.toThrow();
    expect(apiCopies('main.js', cache).map(({ version }) => version)).not.toContain(undefined);
  });

  it('finds the exports of each copy that was loaded with require', () => {
    const trace = { getTracerProvider: () => {}, setGlobalTracerProvider: () => true };
    const logs = { setGlobalLoggerProvider: () => true };
    const loaded = {
      [join('a', 'build', 'src', 'internal', 'global-utils.js')]: {},
      [join('a', 'build', 'src', 'index.js')]: { exports: { trace } },
      [join('b', 'dist', 'internal', 'global-utils.cjs')]: {},
      [join('b', 'dist', 'index.cjs')]: { exports: { trace, logs } },
      [join('half-loaded', 'dist', 'internal', 'global-utils.cjs')]: {},
      [join('other', 'dist', 'index.cjs')]: { exports: { trace } },
    };
    expect(requiredApis(loaded)).toEqual([{ trace }, { trace, logs }]);
  });
});
