import { join } from 'node:path';
import {
  bundleApp,
  createApp,
  installNode,
  installedPackages,
  packLibs,
  removeFolder,
  runJest,
  runScript,
  startApp,
  temporaryFolder,
} from './fresh-app.js';
import { collected, expectObserved, recordsIn, spansIn } from './observed.js';
import { StockProject } from './stock-project.js';

const MINUTES = 60_000;
const APPS = ['nest12-esm', 'nest11-cjs'] as const;
const NEWEST = '24.21.0';
const NODES = ['22.15.0', NEWEST, '26.10.0'] as const;

describe('the packed libs in a fresh app', () => {
  const homes = new Map<string, string>();
  const nodes = new Map<string, string>();
  let folder: string;
  const homeOf = (app: string): string => homes.get(app) ?? '';
  const nodeOf = (version: string): string => nodes.get(version) ?? '';

  beforeAll(async () => {
    folder = await temporaryFolder();
    const tarballs = await packLibs(folder);
    for (const app of APPS) homes.set(app, await createApp(folder, app, tarballs));
    for (const version of NODES) nodes.set(version, await installNode(folder, version));
  }, 8 * MINUTES);

  afterAll(() => removeFolder(folder));

  it.each(APPS)(
    'install no second copy of Nest or of the API, and no optional peer: %s',
    async (app) => {
      const packages = await installedPackages(homeOf(app));
      expect(packages).toContain('@nestlens/otel');
      expect(packages).not.toContain('@nestjs/microservices');
      const nested = packages.filter((name) => name.startsWith('@nestlens/otel/'));
      expect(nested).toEqual([]);
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
    it.each(['beside the bundle', 'left out'])(
      'gives the same telemetry with the file of the worker %s',
      async (where) => {
        const isThere = where === 'beside the bundle';
        const target = join(folder, `${app}-${format}-${isThere}`);
        const file = await bundleApp(homeOf(app), target, format, isThere);
        const output = await expectObserved(app, (env) => startApp(nodeOf(NEWEST), file, env));
        const told = output.filter((text) => /worker/.test(text));
        expect(told.map((text) => text.includes('sending from the main thread'))).toEqual(
          isThere ? [] : [true],
        );
      },
      2 * MINUTES,
    );
  });

  it.each(['jest', 'jest30'])(
    'run in a project of Nest 11 that is tested by %s and ts-jest as CommonJS',
    async (jest) => {
      const requests = await collected(async (endpoint) => {
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
        const output = await runJest(nodeOf(NEWEST), homeOf('nest11-cjs'), jest, env);
        expect(output).toMatch(/Tests:\s+1 passed, 1 total/);
      });
      expect(spansIn(requests).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['greet', 'GET /hello/:name']),
      );
    },
    3 * MINUTES,
  );

  it.each(APPS)(
    'come into a project of `nest new` by `nest add`, once: %s',
    async (app) => {
      const project = await StockProject.create(nodeOf(NEWEST), homeOf(app));
      expect(await project.add()).not.toMatch(/By hand/);
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

  it('load nothing that is only for what was not chosen', async () => {
    const home = homeOf('nest12-esm');
    const [line = ''] = await runScript(nodeOf(NEWEST), home, 'loaded.mjs', '@nestlens/otel');
    const packages = JSON.parse(line) as string[];
    expect(packages).toContain('@nestlens/otlp');
    const needless = packages.filter((name) =>
      /grpc|exporter-(logs|metrics|trace)-|otlp-exporter-base|otlp-transformer|sdk-node|terminus|microservices/.test(
        name,
      ),
    );
    expect(needless).toEqual([]);
  });

  it('are one where they are loaded twice, which is told with both files', async () => {
    const lines = await runScript(nodeOf(NEWEST), homeOf('nest11-cjs'), 'two-copies.mjs');
    expect(lines).toContain('{"isOne":true,"areTwoFunctions":true}');
    const told = lines.filter((line) => line.includes('is loaded 2 times'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/otel\/dist\/index\.js.*otel\/cjs\/index\.js.*The first serves them/);
  });
});
