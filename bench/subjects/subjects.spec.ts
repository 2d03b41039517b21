import { readFileSync } from 'node:fs';
import { peerVersion, peersFolder } from './peers.ts';
import { everySubject } from './subjects.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}
interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const read = <Content>(name: string): Content =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as Content;

const { dependencies: peers = {} } = read<Manifest>('bench/peers/package.json');
const own = read<Lock>('package-lock.json').packages;

describe('the peers of the benches', () => {
  it('are pinned, in the manifest and in the lock', () => {
    const loose = Object.entries(peers).filter(
      ([name, version]) => !/^\d+\.\d+\.\d+$/.test(version) || peerVersion(name) !== version,
    );
    expect(loose).toEqual([]);
  });

  it('have all that our packages need', () => {
    const needed = ['otel', 'otlp'].flatMap((lib) =>
      Object.keys(read<Manifest>(`libs/${lib}/package.json`).dependencies ?? {}),
    );
    expect(needed.length).toBeGreaterThan(10);
    const missing = needed.filter((name) => !name.startsWith('@nestlens/') && !(name in peers));
    expect(missing).toEqual([]);
  });

  it('have the versions of this project, where it has them too', () => {
    const versions = Object.keys(peers)
      .map((name) => [name, peers[name], own[`node_modules/${name}`]?.version] as const)
      .filter(([, , version]) => version !== undefined);
    expect(versions.length).toBeGreaterThan(20);
    expect(versions.filter(([, theirs, ours]) => theirs !== ours)).toEqual([]);
  });

  it('have every package that a subject names, and no two subjects have one name', () => {
    for (const name of everySubject.flatMap((subject) => subject.peers)) {
      expect(peerVersion(name)).toMatch(/^\d/);
    }
    expect(() => peerVersion('left-pad')).toThrow('bench/peers has no left-pad');
    const names = everySubject.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are kept in the cache folder of the user, outside the project', () => {
    const before = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = '/a/cache';
    try {
      expect(peersFolder()).toMatch(/^\/a\/cache\/nestlens\/bench-peers-[\da-f]{16}$/);
      process.env['XDG_CACHE_HOME'] = 'not/absolute';
      expect(peersFolder()).toMatch(/\.cache\/nestlens\/bench-peers-/);
    } finally {
      if (before === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = before;
    }
  });
});
