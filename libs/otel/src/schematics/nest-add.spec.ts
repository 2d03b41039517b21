import ts from 'typescript';
import { nestAdd } from './nest-add.js';
import type { NestAddOptions } from './nest-add.js';

type Files = Readonly<Record<string, string>>;

/** The files and warnings that the schematic leaves. */
const added = (
  files: Files,
  options: NestAddOptions = {},
): { files: Record<string, string>; warnings: string[] } => {
  const tree = new Map(Object.entries(files));
  const warnings: string[] = [];
  nestAdd(options, ts)(
    {
      read: (path) => (tree.has(path) ? Buffer.from(tree.get(path) ?? '') : null),
      overwrite: (path, text) => void tree.set(path, text),
      getDir: (root) => ({
        visit: (visitor) => {
          for (const path of tree.keys()) if (path.startsWith(`${root}/`)) visitor(`/${path}`);
        },
      }),
    },
    { logger: { info: () => {}, warn: (line) => void warnings.push(line) } },
  );
  return { files: Object.fromEntries(tree), warnings };
};

const PACKAGE = JSON.stringify({ name: '@acme/orders' });

/** The files of `nest new`. Nest 12 writes file extensions, and awaits at the top. */
const stock = (extension: '' | '.js'): Files => ({
  'package.json': PACKAGE,
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module${extension}';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
${extension === '' ? '' : 'await '}bootstrap();
`,
  'src/app.module.ts': `import { Module } from '@nestjs/common';
import { AppController } from './app.controller${extension}';

@Module({
  imports: [],
  controllers: [AppController],
})
export class AppModule {}
`,
});

const mainOf = (body: string): Files => ({
  ...stock(''),
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

${body}
`,
});
const moduleOf = (metadata: string): Files => ({
  ...stock(''),
  'src/app.module.ts': `import { Module } from '@nestjs/common';

@Module(${metadata})
export class AppModule {}
`,
});
const linesOf = (text: string | undefined): readonly string[] => (text ?? '').split('\n');

describe('nest add @nestlens/otel', () => {
  it.each(['', '.js'] as const)(
    'adds the lines to a stock project whose imports end in "%s"',
    (extension) => {
      const before = stock(extension);
      const { files, warnings } = added(before);
      expect(warnings).toEqual([]);
      expect(files['src/main.ts']).toBe(
        before['src/main.ts']
          ?.replace("core';\n", "core';\nimport { OtelLogger } from '@nestlens/otel';\n")
          .replace(
            'create(AppModule);\n',
            `create(AppModule, { bufferLogs: true });
  app.useLogger(app.get(OtelLogger));
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
`,
          ),
      );
      expect(files['src/app.module.ts']).toBe(
        before['src/app.module.ts']
          ?.replace("common';\n", "common';\nimport { OtelModule } from '@nestlens/otel';\n")
          .replace('[]', "[OtelModule.forRoot({ service: { name: 'orders' } })]"),
      );
      expect(added(files)).toEqual({ files, warnings: [] });
    },
  );

  it('keeps line endings, quotes, tabs and the lack of semicolons', () => {
    const dressed = Object.fromEntries(
      Object.entries(stock('')).map(([path, text]) => [
        path,
        text
          .replaceAll(/;$/gm, '')
          .replaceAll("'", '"')
          .replaceAll('  ', '\t')
          .replaceAll('\n', '\r\n'),
      ]),
    );
    const { files } = added(dressed);
    const main = files['src/main.ts'] ?? '';
    expect(main).toContain('import { OtelLogger } from "@nestlens/otel"\r\n');
    expect(main).toContain('\r\n\tapp.enableShutdownHooks(["SIGTERM", "SIGINT"])\r\n');
    expect(files['src/app.module.ts']).toContain('{ name: "orders" }');
    for (const text of Object.values(files)) expect(text).not.toMatch(/[^\r]\n|;\r\n/);
  });

  it.each([
    ['{}', `{ imports: [OtelModule.forRoot({ service: { name: 'orders' } })] }`],
    ['', `{ imports: [OtelModule.forRoot({ service: { name: 'orders' } })] }`],
    [
      '{ imports: [A, B] }',
      `{ imports: [OtelModule.forRoot({ service: { name: 'orders' } }), A, B] }`,
    ],
    [
      '{ providers: [A] }',
      `{ imports: [OtelModule.forRoot({ service: { name: 'orders' } })], providers: [A] }`,
    ],
    [
      '{\n    providers: [A],\n}',
      `{\n    imports: [OtelModule.forRoot({ service: { name: 'orders' } })],\n    providers: [A],\n}`,
    ],
    [
      '{\n  imports: [\n    // first\n    A,\n  ],\n}',
      `{\n  imports: [\n    OtelModule.forRoot({ service: { name: 'orders' } }),\n    // first\n    A,\n  ],\n}`,
    ],
  ])('adds OtelModule to @Module(%p)', (metadata, expected) => {
    const { files, warnings } = added(moduleOf(metadata));
    expect(files['src/app.module.ts']).toContain(`@Module(${expected})`);
    expect(warnings).toEqual([]);
  });

  it.each([
    [
      'NestFactory.create(AppModule, new FastifyAdapter())',
      'NestFactory.create(AppModule, new FastifyAdapter(), { bufferLogs: true })',
    ],
    [
      'NestFactory.create<App>(AppModule, { cors: true })',
      'NestFactory.create<App>(AppModule, { bufferLogs: true, cors: true })',
    ],
    ['NestFactory.create(AppModule, {})', 'NestFactory.create(AppModule, { bufferLogs: true })'],
    [
      'NestFactory.createMicroservice(AppModule, {\n  url,\n})',
      'NestFactory.createMicroservice(AppModule, {\n  bufferLogs: true,\n  url,\n})',
    ],
    [
      'NestFactory.createApplicationContext(AppModule)',
      'NestFactory.createApplicationContext(AppModule, { bufferLogs: true })',
    ],
  ])('adds bufferLogs to %s', (call, expected) => {
    const { files, warnings } = added(mainOf(`let server;\nserver = await ${call};`));
    expect(files['src/main.ts']).toContain(`server = await ${expected};
server.useLogger(server.get(OtelLogger));
server.enableShutdownHooks(['SIGTERM', 'SIGINT']);`);
    expect(warnings).toEqual([]);
  });

  it('keeps existing lines, and extends an existing import', () => {
    const { files } = added({
      ...mainOf(`const app = await NestFactory.create(AppModule);\napp.enableShutdownHooks();`),
    });
    const main = files['src/main.ts'] ?? '';
    expect(main.match(/enableShutdownHooks/g)).toHaveLength(1);
    const again = added({
      ...stock(''),
      'src/main.ts': (stock('')['src/main.ts'] ?? '').replace(
        'import',
        "import { Span } from '@nestlens/otel';\nimport",
      ),
    });
    expect(linesOf(again.files['src/main.ts'])[0]).toBe(
      "import { OtelLogger, Span } from '@nestlens/otel';",
    );
  });

  it('adds its lines below a comment at the end of a line', () => {
    const { files } = added(mainOf('const app = await NestFactory.create(AppModule); // the app'));
    expect(files['src/main.ts']).toContain(
      '{ bufferLogs: true }); // the app\napp.useLogger(app.get(OtelLogger));\n',
    );
  });

  it('keeps a logger that the app has chosen, with a warning', () => {
    for (const [body, chosen] of [
      ['const app = await NestFactory.create(AppModule, { logger: false });', 'the option logger'],
      [
        'const app = await NestFactory.create(AppModule);\napp.useLogger(mine);',
        'a call of useLogger()',
      ],
    ] as const) {
      const { files, warnings } = added(mainOf(body));
      expect(files['src/main.ts']).not.toContain('OtelLogger');
      expect(files['src/main.ts']).toContain('enableShutdownHooks');
      expect(warnings).toEqual([
        `src/main.ts has ${chosen}. By hand: call app.useLogger(app.get(OtelLogger)) where OtelLogger is to log.`,
      ]);
    }
  });

  it.each([
    [
      'NestFactory.create(AppModule).then((app) => app.listen(0));',
      'does not put the app of NestFactory.create() into a variable',
    ],
    [
      'const a = await NestFactory.create(A);\nconst b = await NestFactory.create(B);',
      'starts several apps',
    ],
    ['await run(AppModule);', 'does not put the app'],
  ])('leaves the file unchanged, with a warning: %s', (body, reason) => {
    const before = mainOf(body);
    const { files, warnings } = added(before);
    expect(files['src/main.ts']).toBe(before['src/main.ts']);
    expect(warnings[0]).toMatch(/^src\/main\.ts .*By hand: import \{ OtelLogger \}/);
    expect(warnings[0]).toContain(reason);
  });

  it.each([
    ['metadata', 'gives @Module() no object literal'],
    ['{ imports }', 'gives its imports as no array literal'],
    ['{ imports: [...A].flat() }', 'gives its imports as no array literal'],
  ])('leaves a module with the metadata %s unchanged', (metadata, reason) => {
    const before = moduleOf(metadata);
    const { files, warnings } = added(before);
    expect(files['src/app.module.ts']).toBe(before['src/app.module.ts']);
    expect(warnings).toEqual([
      `src/app.module.ts ${reason}. By hand: import { OtelModule } from '@nestlens/otel' and put ` +
        `OtelModule.forRoot({ service: { name: 'orders' } }) into the imports of the root module.`,
    ]);
  });

  it('finds the root module in any file, and takes the name of a monorepo project', () => {
    const root = "import { Module } from '@nestjs/common';\n@Module({})\nexport class Shop {}\n";
    const main =
      "import { Shop } from './shop/shop.root.js';\nconst app = await NestFactory.create(Shop);\n";
    const { files, warnings } = added(
      {
        'package.json': PACKAGE,
        'nest-cli.json': JSON.stringify({ projects: { shop: { sourceRoot: 'apps/shop/src' } } }),
        'apps/shop/src/main.ts': main,
        'apps/shop/src/shop/shop.root.ts': root,
      },
      { sourceRoot: 'apps/shop/src' },
    );
    expect(files['apps/shop/src/shop/shop.root.ts']).toContain("{ name: 'shop' }");
    expect(warnings).toEqual([]);

    const inMain = `${root}const app = await NestFactory.create(Shop);\n`;
    const one = added({ 'package.json': PACKAGE, 'src/main.ts': inMain });
    expect(one.files['src/main.ts']).toContain('@Module({ imports: [OtelModule.forRoot(');
  });

  it('leaves a project that imports OtelModule elsewhere unchanged', () => {
    const core = "import { OtelModule } from '@nestlens/otel';\nconst m = OtelModule.forRoot();\n";
    const before: Files = { ...stock(''), 'src/core.module.ts': core };
    const { files } = added(before);
    expect(files['src/app.module.ts']).toBe(before['src/app.module.ts']);
  });

  it('warns if main.ts is missing, and does not throw for invalid files', () => {
    expect(added({ 'package.json': '{' }).warnings[0]).toMatch(
      /^src\/main\.ts is not there\. By hand:/,
    );
    const broken = { ...stock(''), 'src/app.module.ts': '@Module({ imports: [' };
    expect(added(broken).warnings[0]).toContain('has no class AppModule with @Module()');
  });
});
