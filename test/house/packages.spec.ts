import { projectFiles, read } from './tree.js';

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly hasInstallScript?: boolean; readonly version?: string }>
  >;
}

// The package.json in `cjs` only tells Node the format of the files beside it.
const manifests = projectFiles('package.json', 'libs/*/package.json', 'apps/*/package.json')
  .filter((file) => !file.includes('/cjs/'))
  .map((file) => [file, JSON.parse(read(file)) as Manifest] as const);
const lock = JSON.parse(read('package-lock.json')) as Lock;

describe('packages', () => {
  const dependenciesThat = (
    isWrong: (version: string, name: string) => boolean,
    isPublished: boolean,
  ): readonly string[] =>
    manifests
      .filter(([, manifest]) => (manifest.private !== true) === isPublished)
      .flatMap(([file, { dependencies, devDependencies, optionalDependencies }]) =>
        Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
          .filter(([name, version]) => isWrong(version, name))
          .map(([name, version]) => `${file}: ${name} ${version}`),
      );

  it('that are private pin every dependency to one version', () => {
    const isLoose = (version: string): boolean =>
      !/^(npm:@?[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version);
    expect(dependenciesThat(isLoose, false)).toEqual([]);
  });

  // The lockfile pins versions. Packages of the SDK pin each other, so one minor version is one set.
  it('that are published have ranges, so that an app gets fixed versions', () => {
    const isWrong = (version: string, name: string): boolean => {
      const alternatives = version.split(' || ').map((part) => part[0]);
      const isOfSet = name.startsWith('@opentelemetry/') && !name.endsWith('/semantic-conventions');
      return alternatives.at(-1) !== (isOfSet ? '~' : '^');
    };
    expect(dependenciesThat(isWrong, true)).toEqual([]);
  });

  it('can be installed beside any version of OpenTelemetry', () => {
    const peers = manifests.flatMap(([file, { private: isPrivate, peerDependencies = {} }]) =>
      Object.entries(isPrivate === true ? {} : peerDependencies).map(
        ([name, range]) => `${file}: ${name} ${range}`,
      ),
    );
    expect(peers.length).toBeGreaterThan(5);
    expect(peers.filter((peer) => / @opentelemetry\//.test(peer) && !peer.endsWith(' *'))).toEqual(
      [],
    );
  });

  it('with an install script are listed in `allowScripts`', () => {
    const decided = Object.keys(
      manifests.find(([file]) => file === 'package.json')?.[1].allowScripts ?? {},
    );
    const open = Object.entries(lock.packages)
      .filter(([, entry]) => entry.hasInstallScript === true)
      .map(([path]) => path.split('node_modules/').at(-1) ?? '')
      .filter((name) => !decided.includes(name));
    expect(open).toEqual([]);
  });

  it('of OpenTelemetry are in the lockfile in one version', () => {
    const copies = new Map<string, Set<string>>();
    for (const [path, entry] of Object.entries(lock.packages)) {
      const name = path.split('node_modules/').at(-1) ?? '';
      if (!name.startsWith('@opentelemetry/')) continue;
      copies.set(name, (copies.get(name) ?? new Set()).add(entry.version ?? ''));
    }
    expect([...copies].filter(([, versions]) => versions.size > 1)).toEqual([]);
    expect(copies.size).toBeGreaterThan(10);
  });

  it('that are published contain only built files, a README and the licence', () => {
    const published = manifests.filter(([, manifest]) => manifest.private !== true);
    expect(published.map(([, { name }]) => name).toSorted()).toEqual([
      '@nestlens/lens',
      '@nestlens/otel',
      '@nestlens/otlp',
      '@nestlens/testing',
    ]);
    for (const [, manifest] of published) {
      expect(manifest.files?.filter((file) => !['cjs', 'schematics'].includes(file))).toEqual([
        'dist',
        '!dist/.tsbuildinfo*',
        'README.md',
        'LICENSE',
      ]);
    }
  });
});
