import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(
    readFileSync(new URL(`../../${folder}package.json`, import.meta.url), 'utf8'),
  ) as Manifest;

const constant = (words: string, name: string, value: string): string =>
  `/** ${words} */\nexport const ${name} = '${value}';\n`;

const HEAD =
  '// Written by `npm run versions`. A constant, since a bundle and a worker have no package.json beside them.\n\n';

/** Returns all generated files, by their path in the project. */
export const versionFiles = (): Readonly<Record<string, string>> => ({
  'libs/otel/src/late-bound/version.ts':
    HEAD +
    constant('The version of `@nestlens/otel`.', 'VERSION', manifestOf('libs/otel/').version),
  'libs/otlp/src/transport/version.ts':
    HEAD +
    constant('The version of `@nestlens/otlp`.', 'VERSION', manifestOf('libs/otlp/').version) +
    '\n' +
    constant(
      'The version of the official OTLP exporters whose behaviour on the wire this package follows.',
      'OFFICIAL_EXPORTER_VERSION',
      manifestOf('').devDependencies?.['@opentelemetry/otlp-transformer'] ?? '',
    ),
});
