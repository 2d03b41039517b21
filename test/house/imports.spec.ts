import { dirname, join, normalize } from 'node:path';
import { importsOf, projectFiles, read } from './tree.js';

/** Arrows point down: what each lib and app may import of ours. Source: docs/architecture.md. */
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

/** What rooms of `libs/otel` that all of them build on may import of it. */
const FOUNDATIONS: Readonly<Record<string, readonly string[]>> = {
  api: [],
  context: ['api'],
  faults: ['api'],
  exceptions: ['faults'],
  propagation: ['faults'],
  messages: ['faults', 'lifecycle', 'report'],
};

const homeOf = (file: string): string => file.split('/').slice(0, 2).join('/');
const isSpec = (file: string): boolean => /\.(spec|e2e-spec)\.ts$|\/fixtures?\//.test(file);
const sources = projectFiles('libs/*/src/**.ts', 'apps/*/src/**.ts');

describe('imports', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  it('point down, and enter a lib through its door', () => {
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

  it.each(Object.entries(FOUNDATIONS))('point down from the room %s', (room, allowed) => {
    const files = sources.filter((file) => file.startsWith(`libs/otel/src/${room}/`));
    const wrong = files
      .filter((file) => !isSpec(file))
      .flatMap((file) =>
        importsOf(read(file))
          .flatMap((name) => /^\.\.\/([a-z-]+)\//.exec(name)?.[1] ?? [])
          .filter((other) => !allowed.includes(other))
          .map((other) => `${file} -> ${other}`),
      );
    expect([files.length > 0, wrong]).toEqual([true, []]);
  });

  it('load optional peers only as types', () => {
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

  it('take createRequire from the whole module, since webpack breaks the named import', () => {
    const wrong = sources
      .filter((file) => /^libs\/(otel|otlp)\//.test(file) && !isSpec(file))
      .filter((file) => /import \{[^}]*\bcreateRequire\b/.test(read(file)));
    expect(wrong).toEqual([]);
  });

  it('await nothing at the top of a module, so that CommonJS can require the libs', () => {
    const wrong = sources.filter(
      (file) =>
        file.startsWith('libs/') &&
        !isSpec(file) &&
        /(?:^|\n)(?:[^\n/*]*=\s*)?await\s/.test(read(file).replaceAll(/(?:^|\n)\s+[^\n]*/g, '\n')),
    );
    expect(wrong).toEqual([]);
  });
});
