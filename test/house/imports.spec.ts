import { dirname, join, normalize } from 'node:path';
import { circlesIn, roomOf, roomRows } from './arrows.js';
import type { Arrow } from './arrows.js';
import { importsOf, projectFiles, read } from './tree.js';

/**
 * Packages of ours that each lib and app may import. Imports go from top to bottom. Source:
 * docs/architecture.md.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'libs/otlp': [],
  'libs/protos': [],
  'libs/otel': ['@nestlens/otlp', '@nestlens/otlp/worker'],
  'libs/lens': ['@nestlens/otlp/wire', '@nestlens/otlp/receiver'],
  'libs/testing': [
    '@nestlens/otlp',
    '@nestlens/otlp/wire',
    '@nestlens/otlp/receiver',
    '@nestlens/otel',
  ],
  'apps/lens': ['@nestlens/lens'],
};
const SERVICE = ['@nestlens/otel', '@nestlens/protos'];

const homeOf = (file: string): string => file.split('/').slice(0, 2).join('/');
const isSpec = (file: string): boolean => /\.(spec|e2e-spec)\.ts$|\/fixtures?\//.test(file);
const sources = projectFiles('libs/*/src/**.ts', 'apps/*/src/**.ts');

/** Imports between files of one lib, types included. */
const arrowsOf = (lib: string): readonly Arrow[] =>
  sources
    .filter((file) => homeOf(file) === lib && !isSpec(file))
    .flatMap((from) =>
      importsOf(read(from))
        .filter((name) => name.startsWith('.'))
        .map((name) => ({ from, to: join(dirname(from), name).replace(/\.js$/, '.ts') })),
    );

describe('imports', () => {
  it('are read from more than 50 files', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it('go from top to bottom, and enter a lib through its entry files', () => {
    const wrong = sources
      .filter((file) => !isSpec(file))
      .flatMap((file) => {
        const allowed = MAY_IMPORT[homeOf(file)] ?? SERVICE;
        return importsOf(read(file))
          .filter((name) => name.startsWith('@nestlens/') && !allowed.includes(name))
          .map((name) => `${file} -> ${name}`);
      });
    expect(wrong).toEqual([]);
  });

  it('never leave their lib or app by a relative path', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(read(file))
        .filter((name) => name.startsWith('.') && !isSpec(file))
        .filter((name) => homeOf(normalize(join(dirname(file), name))) !== homeOf(file))
        .map((name) => `${file} -> ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('of rooms go from top to bottom of the table in docs/architecture.md', () => {
    const rows = roomRows(read('docs/architecture.md'));
    const rowOf = new Map(rows.flatMap((rooms, row) => rooms.map((room) => [room, row] as const)));
    const wrong = arrowsOf('libs/otel')
      .map(({ from, to }) => ({ from, to, room: roomOf(from), other: roomOf(to) }))
      .filter(({ room, other }) => room !== undefined && room !== other)
      .filter(
        ({ room, other }) => !((rowOf.get(room ?? '') ?? NaN) < (rowOf.get(other ?? '') ?? NaN)),
      )
      .map(({ from, to }) => `${from} -> ${to}`);
    expect(wrong).toEqual([]);
    const rooms = projectFiles('libs/otel/src/*/**.ts').flatMap((file) => roomOf(file) ?? []);
    expect([...rowOf.keys()].toSorted()).toEqual([...new Set(rooms)].toSorted());
  });

  it.each(['libs/otel', 'libs/otlp'])(
    'form no circle between files of %s, types included',
    (lib) => {
      const arrows = arrowsOf(lib);
      expect(arrows.length).toBeGreaterThan(100);
      expect(circlesIn(arrows)).toEqual([]);
    },
  );

  it('of optional peers are type imports', () => {
    const peers = ['@grpc/grpc-js', '@nestjs/microservices'];
    const wrong = sources
      .filter((file) => file.startsWith('libs/otel/') && !isSpec(file))
      .flatMap((file) =>
        [
          ...read(file).matchAll(
            /(?:^|\n)(import|export)\s+(?!type\b)[^'"]*?from\s+['"]([^'"]+)['"]/g,
          ),
        ]
          .map((match) => match[2] ?? '')
          .filter((name) => peers.includes(name))
          .map((name) => `${file} -> ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('of createRequire are not by name, because webpack breaks the named import', () => {
    const wrong = sources
      .filter((file) => /^libs\/(otel|otlp)\//.test(file) && !isSpec(file))
      .filter((file) => /import \{[^}]*\bcreateRequire\b/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('work by require(): no module of the libs awaits at its top', () => {
    const wrong = sources.filter(
      (file) =>
        file.startsWith('libs/') &&
        !isSpec(file) &&
        /(?:^|\n)(?:[^\n/*]*=\s*)?await\s/.test(read(file).replaceAll(/(?:^|\n)\s+[^\n]*/g, '\n')),
    );
    expect(wrong).toEqual([]);
  });
});
