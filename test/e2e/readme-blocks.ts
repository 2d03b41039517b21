import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { projectFiles, read, root } from '../house/tree.js';

/** The folder is inside the checkout, so that packages are found as in an app. Git ignores it. */
export const folder = join(root, '.nestlens', 'readme');

/** Returns the TypeScript blocks of a page, in their order. */
export const blocksOf = (page: string): readonly string[] =>
  [...read(page).matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

/** Names that pages assume, and packages of recipes that are not installed here. */
const AMBIENT = `
declare const OtelModule: typeof import('@nestlens/otel').OtelModule;
declare const PG_POOL: symbol;
declare module '@opentelemetry/instrumentation' {
  export const registerInstrumentations: (options: { instrumentations: object[] }) => void;
}
declare module '@opentelemetry/instrumentation-dns' {
  export class DnsInstrumentation {}
}
declare module '@opentelemetry/sdk-node' {
  export class NodeSDK {
    constructor(options: { serviceName: string; traceExporter: object });
    start(): void;
  }
}
declare module '@sentry/node' {
  export const init: (options: {
    dsn: string | undefined;
    skipOpenTelemetrySetup: boolean;
    integrations: (defaults: { name: string }[]) => { name: string }[];
  }) => void;
}
`;

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: {
    composite: false,
    noEmitOnError: false,
    declaration: false,
    declarationMap: false,
    rootDir: '.',
    outDir: 'out',
  },
  include: ['**/*.ts'],
  exclude: ['out'],
};

/** A block may name its file in its first line, as `// orders.ts`, so that others of its page can import it. */
const NAMED = /^\/\/ (\S+\.ts)\n/;

/** Pages with TypeScript: the one at the root, those of the packages, and the guides. */
export const pages: readonly string[] = projectFiles('README.md', 'libs/*/README.md', 'docs/*.md');

/** Writes a project of all blocks of all pages, a folder for each page, and of the `further` files, by path. */
export const writeProject = async (further: Readonly<Record<string, string>>): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  const files: Record<string, string> = {
    'package.json': '{ "type": "module" }',
    'tsconfig.json': JSON.stringify(TSCONFIG),
    'ambient.d.ts': AMBIENT,
    ...further,
  };
  for (const page of pages) {
    for (const [at, block] of blocksOf(page).entries()) {
      const name = NAMED.exec(block)?.[1] ?? `block-${at + 1}.ts`;
      // A file without import or export is no module, and shares its names with others.
      files[join(page.replace(/\.md$/, '').toLowerCase(), name)] = `${block}\nexport {};\n`;
    }
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};
