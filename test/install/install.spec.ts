import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { read, root } from '../house/tree.js';
import {
  bundleApp,
  checkScript,
  createApp,
  installNode,
  lockedPackages,
  packLibs,
  removeFolder,
  resolveApp,
  runJest,
  runScript,
  startApp,
  temporaryFolder,
} from './fresh-app.js';
import type { Locked } from './fresh-app.js';
import { collected, expectObserved, recordsIn, spansIn } from './observed.js';
import { serveRegistry } from './registry.js';
import type { LocalRegistry } from './registry.js';
import { StockProject } from './stock-project.js';

const MINUTES = 60_000;
const APPS = ['nest12-esm', 'nest11-cjs'] as const;
const NEWEST = '24.21.0';
const NODES = ['22.15.0', NEWEST, '26.10.0'] as const;

const API = 'node_modules/@opentelemetry/api';
const BOTH_APIS = [`node_modules/@nestlens/otel/${API} 1.10`, `${API} 1.9`];
/** The oldest versions that Nest 11 allows. */
const OLDEST = { 'reflect-metadata': '0.1.13', rxjs: '7.1.0' };

/** Returns each copy of the API, with its minor version. */
const apisIn = (locked: Locked): readonly string[] =>
  Object.entries(locked)
    .filter(([path]) => path.endsWith(API))
    .map(([path, { version = '' }]) => `${path} ${version.replace(/\.\d+$/, '')}`);

describe('the packed libs in a fresh app', () => {
  const homes = new Map<string, string>();
  const nodes = new Map<string, string>();
  let folder: string;
  let registry: LocalRegistry;
  const homeOf = (app: string): string => homes.get(app) ?? '';
  /** Projects made by `nest new` and `nest add`. Each is made once. */
  const stock = new Map<string, Promise<StockProject>>();
  const stockOf = (app: string): Promise<StockProject> => {
    const made = stock.get(app) ?? StockProject.create(nodeOf(NEWEST), homeOf(app));
    stock.set(app, made);
    return made;
  };
  const nodeOf = (version: string): string => nodes.get(version) ?? '';

  beforeAll(async () => {
    folder = await temporaryFolder();
    registry = await serveRegistry(await packLibs(folder));
    await Promise.all([
      ...APPS.map(async (app) => homes.set(app, await createApp(folder, app, registry.url))),
      ...NODES.map(async (node) => nodes.set(node, await installNode(folder, node))),
    ]);
  }, 8 * MINUTES);

  afterAll(async () => {
    await registry.close();
    await removeFolder(folder);
  });

  it.each(APPS)('bring no second copy of Nest and no optional peer: %s', async (app) => {
    const paths = Object.keys(await lockedPackages(homeOf(app)));
    expect(paths).toContain('node_modules/@nestlens/otel');
    expect(paths.filter((path) => path.endsWith('@nestjs/microservices'))).toEqual([]);
    const ofOurs = paths.filter((path) =>
      /@nestlens\/\w+\/node_modules\/(@nestjs\/|rxjs$|reflect-metadata$)/.test(path),
    );
    expect(ofOurs).toEqual([]);
  });

  it('bring the API to an app without it, and do not replace another version', async () => {
    expect(apisIn(await lockedPackages(homeOf('nest12-esm')))).toEqual([`${API} 1.10`]);
    const besides = apisIn(await lockedPackages(homeOf('nest11-cjs'))).filter(
      (path) => !path.includes('@nestlens/testing'),
    );
    expect(besides).toEqual(BOTH_APIS);
  });

  it.each([
    [
      'Sentry, Prisma and the SDK 2',
      { '@prisma/instrumentation': '7.10.1', '@sentry/nestjs': '10.75.3' },
      ['@nestlens/otel', '@nestlens/otlp', '@nestlens/testing'],
    ],
    ['the SDK 1.30', { '@opentelemetry/sdk-node': '0.57.2' }, ['@nestlens/otel', '@nestlens/lens']],
  ])(
    'can be added without a conflict to an app with %s and the API 1.9',
    async (what, has, names) => {
      const nest = { '@nestjs/common': '11.2.10', '@nestjs/core': '11.2.10', ...OLDEST };
      const dependencies = { ...nest, '@opentelemetry/api': '1.9.1', ...has };
      const locked = await resolveApp(join(folder, what), registry.url, dependencies, names);
      const apis = apisIn(locked);
      expect(apis).toEqual(expect.arrayContaining(BOTH_APIS));
      const elsewhere = apis.filter((api) => !/@nestlens/.test(api));
      expect(elsewhere).toEqual([`${API} 1.9`]);
    },
  );

  describe.each(APPS)('%s', (app) => {
    it.each(NODES)(
      'is observable on Node %s',
      async (version) => {
        const file = join(homeOf(app), 'dist', 'main.js');
        const output = await expectObserved(app, (env) => startApp(nodeOf(version), file, env));
        expect(output.filter((text) => /worker/.test(text))).toEqual([]);
      },
      MINUTES,
    );
  });

  describe.each([
    ['nest12-esm', 'cjs'],
    ['nest12-esm', 'esm'],
    ['nest11-cjs', 'cjs'],
  ] as const)('%s, bundled by esbuild as %s', (app, format) => {
    it.each(['beside the bundle', 'missing'])(
      'exports all signals with the file of the worker %s',
      async (where) => {
        const isThere = where === 'beside the bundle';
        const target = join(folder, `${app}-${format}-${isThere}`);
        const file = await bundleApp(homeOf(app), target, format, isThere);
        const output = await expectObserved(
          app,
          (env) => startApp(nodeOf(NEWEST), file, env),
          // Tracers that another copy of the API in the same file returned earlier cannot be reached.
          app === 'nest12-esm',
        );
        const told = output.filter((text) => /worker/.test(text));
        expect(told.map((text) => text.includes('sending from the main thread'))).toEqual(
          isThere ? [] : [true],
        );
      },
      2 * MINUTES,
    );
  });

  it.each(['jest', 'jest30'])(
    'work in CommonJS specs of a project of Nest 11, run by %s and ts-jest',
    async (jest) => {
      const requests = await collected(async (endpoint) => {
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
        const home = homeOf('nest11-cjs');
        await mkdir(join(home, 'src'), { recursive: true });
        const spec = join(root, 'test', 'install', 'jest-app.ts');
        await copyFile(spec, join(home, 'src', 'app.spec.ts'));
        const output = await runJest(nodeOf(NEWEST), home, jest, home, env);
        expect(output).toMatch(/Tests:\s+1 passed, 1 total/);
      });
      expect(spansIn(requests).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['greet', 'GET /hello/:name']),
      );
    },
    3 * MINUTES,
  );

  it.each(['jest', 'jest30'])(
    'pass the spec of docs/testing.md, run by %s in a project of `nest new` with Nest 11',
    async (jest) => {
      const project = await stockOf('nest11-cjs');
      // This block is not marked `ts`, because blocks marked so are compiled as ES modules, and its imports are
      // those of CommonJS.
      const [, spec = ''] = /```typescript\n([\s\S]*?)```/.exec(read('docs/testing.md')) ?? [];
      await project.write('src/telemetry.spec.ts', spec);
      const home = homeOf('nest11-cjs');
      const output = await runJest(nodeOf(NEWEST), home, jest, project.folder);
      // The stock project has a spec of its own.
      expect(output).toMatch(/Tests:\s+5 passed, 5 total/);
      expect(output).not.toMatch(/did not exit|worker process has failed/);
    },
    2 * MINUTES,
  );

  it.each(APPS)(
    'are set up by `nest add` in a project of `nest new`, and a second run changes nothing: %s',
    async (app) => {
      const project = await stockOf(app);
      expect(project.firstAdd).not.toMatch(/By hand/);
      const sources = await project.sources();
      expect(await project.add()).toMatch(/imports OtelModule already/);
      expect(await project.sources()).toEqual(sources);

      const file = await project.build();
      const requests = await collected(async (endpoint) => {
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, PORT: '0' };
        const running = await startApp(nodeOf(NEWEST), file, env);
        try {
          expect(await (await fetch(running.url)).text()).toBe('Hello World!');
          expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
        } finally {
          running.kill();
        }
      });
      const { resource } = requests[0]?.groups[0] ?? {};
      expect(resource?.attributes['service.name']).toBe(project.name);
      expect(spansIn(requests).map(({ name }) => name)).toContain('GET /');
      const lines = recordsIn(requests).map(({ body }) => body);
      expect(lines).toContain('Nest application successfully started');
    },
    2 * MINUTES,
  );

  it.each(APPS)('pass `nestlens doctor` in that project: %s', async (app) => {
    const project = await stockOf(app);
    const command = join(homeOf(app), 'node_modules', '.bin', 'nestlens');
    // A fault leads to exit code 1, on which `runScript` rejects.
    const lines = await runScript(nodeOf(NEWEST), project.folder, command, 'doctor');
    const checks = ['node', 'nestlens', 'nest', 'opentelemetry', 'copies'];
    const sources = ['module', 'shutdown hooks', 'import order'];
    for (const name of [...checks, ...sources, 'options']) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ok +${name} `)));
    }
    // `runScript` switches all exporters off.
    expect(lines).toContain('9 ok, 0 warning, 0 fault, 4 not checked');
  });

  describe.each([
    ['nest12-esm', 'the ES modules', '@nestlens/otel', 24],
    // Node takes the ES modules where an app requires the package: this build is Jest's.
    ['nest11-cjs', 'the CommonJS build', './node_modules/@nestlens/otel/cjs/index.js', 400],
  ] as const)('of %s, %s', (app, _, module, mostFiles) => {
    const loaded = async (): Promise<Readonly<Record<string, number>>> => {
      const [line = ''] = await runScript(nodeOf(NEWEST), homeOf(app), 'loaded.mjs', module);
      return JSON.parse(line) as Record<string, number>;
    };

    it('load nothing that is only for what was not chosen', async () => {
      const packages = Object.keys(await loaded()).filter((name) => !name.startsWith('node:'));
      const ofOpenTelemetry = packages.filter((name) => name.startsWith('@opentelemetry/'));
      // A package more is time and memory of every start.
      expect(ofOpenTelemetry.toSorted()).toEqual([
        '@opentelemetry/api',
        '@opentelemetry/core',
        '@opentelemetry/resources',
        '@opentelemetry/sdk-logs',
        '@opentelemetry/sdk-metrics',
        '@opentelemetry/semantic-conventions',
      ]);
      expect(packages.filter((name) => /grpc|terminus|microservices/.test(name))).toEqual([]);
    });

    it('load few files of ours, and nothing that sends', async () => {
      const files = await loaded();
      const own = (files['@nestlens/otel'] ?? 0) + (files['@nestlens/otlp'] ?? 0);
      expect(own).toBeGreaterThan(1);
      expect(own).toBeLessThanOrEqual(mostFiles);
      expect(Object.keys(files)).not.toContain('node:http2');
    });
  });

  it.each([
    ['nest12-esm', { late: 'degraded', tried: 'up' }, { tried: { rows: 1 } }],
    ['nest11-cjs', { old: 'down' }, { old: { message: 'too old', lag: 3 } }],
  ])(
    'accept the indicators of @nestjs/terminus, types included: %s',
    async (app, own, details) => {
      await checkScript(homeOf(app), 'terminus.mjs');
      const [line = ''] = await runScript(nodeOf(NEWEST), homeOf(app), 'terminus.mjs');
      const { status, indicators } = JSON.parse(line) as {
        status: string;
        indicators: Record<string, { status: string }>;
      };
      expect(status).toBe('error');
      const states = Object.entries(indicators).map(([name, found]) => [name, found.status]);
      const common = { heap: 'up', full: 'down', queue: 'degraded', up: 'up' };
      expect(Object.fromEntries(states)).toEqual({ ...common, ...own });
      expect(indicators).toMatchObject({ queue: { waiting: 7 }, ...details });
    },
    MINUTES,
  );

  it('work if they are loaded twice in a process, with one warning that names both files', async () => {
    const lines = await runScript(nodeOf(NEWEST), homeOf('nest11-cjs'), 'two-copies.mjs');
    expect(lines).toContain('{"isOne":true,"areTwoFunctions":true}');
    const told = lines.filter((line) => line.includes('is loaded 2 times'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/otel\/dist\/index\.js.*otel\/cjs\/index\.js.*The first serves them/);
  });
});
