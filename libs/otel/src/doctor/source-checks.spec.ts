import { folderOf, removeFolder } from './fixtures/folder.js';
import { sourceChecks } from './source-checks.js';

const OURS = "import { OtelModule } from '@nestlens/otel';\n";
const METER = "import { metrics } from '@opentelemetry/api';\n";

describe('the checks of the sources', () => {
  let folder = '';
  const found = async (
    name: string,
    files: Readonly<Record<string, string>>,
    entry?: string,
  ): Promise<string> => {
    folder = folderOf(files);
    const check = sourceChecks(folder, entry).find((one) => one.name === name);
    const { state, text = '' } = (await check?.run(new AbortController().signal)) ?? {};
    return `${state}: ${text}`;
  };
  afterEach(() => removeFolder(folder));

  describe('of enableShutdownHooks()', () => {
    it.each([
      ['a call', 'const url = "http://x"; app.enableShutdownHooks();', 'ok'],
      ['a call behind a comment', '/* a\n b */ app\n  .enableShutdownHooks();', 'ok'],
      ['only a comment', 'start(); // app.enableShutdownHooks()', 'warning'],
      ['only a comment over several lines', '/*\n * app.enableShutdownHooks()\n */', 'warning'],
    ])('judge %s', async (_what, text, state) => {
      expect(await found('shutdown hooks', { 'src/main.ts': text })).toMatch(`${state}: `);
    });

    it('name file and line of a call in a file that the entry of nest-cli.json imports', async () => {
      const files = {
        'nest-cli.json': '{ "sourceRoot": "apps/shop/src", "entryFile": "server" }',
        'apps/shop/src/server.ts': "import { start } from './start';\nstart();",
        'apps/shop/src/start/index.ts':
          'export const start = () => {\n  app.enableShutdownHooks();\n};',
      };
      expect(await found('shutdown hooks', files)).toBe(
        'ok: enableShutdownHooks() is called in apps/shop/src/start/index.ts:2',
      );
    });

    it('say that nothing was checked if the entry is missing', async () => {
      expect(await found('shutdown hooks', { 'package.json': '{}' }, 'src/app.ts')).toBe(
        'not checked: there is no src/app.ts',
      );
    });
  });

  describe('of the import order', () => {
    const order = (files: Readonly<Record<string, string>>) => found('import order', files);
    const early = `${METER}const meter = metrics.getMeter('a');`;

    it.each([
      ['a meter in a file that is imported first', early, 'warning'],
      [
        'a static meter',
        `${METER}class A {\n  private static m = metrics.getMeter('a');\n}`,
        'warning',
      ],
      ['a meter that is made later', `${METER}class A {\n  m = metrics.getMeter('a');\n}`, 'ok'],
    ])('judge %s', async (_what, text, state) => {
      const files = { 'src/main.ts': `import './a.js';\n${OURS}`, 'src/a.ts': text };
      expect(await order(files)).toMatch(`${state}: `);
    });

    it('accept a meter in a file that is imported after ours', async () => {
      const files = {
        'src/main.ts': "import './module.js';\nimport './a.js';",
        'src/module.ts': OURS,
        'src/a.ts': early,
      };
      expect(await order(files)).toMatch('ok: nothing that depends on the order');
    });

    const SDK = "import { NodeSDK } from '@opentelemetry/sdk-node';\n";
    it.each([
      ['before ours', { 'src/main.ts': SDK + OURS }, 'ok'],
      ['after ours', { 'src/main.ts': OURS + SDK }, 'warning'],
      ['as a type', { 'src/main.ts': OURS + SDK.replace('import', 'import type') }, 'ok'],
      [
        'after ours, if a start script loads it before both',
        {
          'src/main.ts': OURS + SDK,
          'package.json': '{ "scripts": { "start": "node --import ./sdk.js dist/main.js" } }',
        },
        'ok',
      ],
      [
        'after ours, if only a test script loads something before',
        {
          'src/main.ts': OURS + SDK,
          'package.json': '{ "scripts": { "test:debug": "node -r tsconfig-paths/register jest" } }',
        },
        'warning',
      ],
    ])('judge an SDK that is imported %s', async (_what, files, state) => {
      expect(await order(files)).toMatch(`${state}: `);
    });

    it('say that nothing was checked if no import of ours is found', async () => {
      expect(await order({ 'src/main.ts': SDK })).toMatch('not checked: no import of');
    });
  });

  it.each([
    [
      'forRoot',
      `${OURS}const a = OtelModule.forRoot();`,
      'ok: OtelModule is imported in src/main.ts:2',
    ],
    [
      'its class alone',
      `${OURS}const a = { imports: [OtelModule] };`,
      'ok: OtelModule is imported in src/main.ts:2',
    ],
    ['nothing', 'start();', 'warning: OtelModule was not found in src/main.ts'],
  ])('find the import of the module by %s', async (_what, text, expected) => {
    expect(await found('module', { 'src/main.ts': text })).toBe(expected);
  });
});
