import { createOtlpReceiver } from '@nestlens/otlp/wire';
import type { ExportRequest, Metric, ResourceGroup, Span } from '@nestlens/otlp/wire';
import {
  createApp,
  installNode,
  installedPackages,
  packLibs,
  removeFolder,
  startApp,
  temporaryFolder,
} from './fresh-app.js';

const MINUTES = 60_000;
const APPS = ['nest12-esm', 'nest11-cjs'] as const;
const NODES = ['22.15.0', '24.21.0', '26.10.0'] as const;

const itemsOf = <I>(groups: readonly ResourceGroup<I>[]): readonly I[] =>
  groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));

describe('the packed libs in a fresh app', () => {
  const homes = new Map<string, string>();
  const nodes = new Map<string, string>();
  let folder: string;

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
      const packages = await installedPackages(homes.get(app) ?? '');
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
        const requests: ExportRequest[] = [];
        const receiver = createOtlpReceiver({
          grpcPort: 0,
          httpPort: false,
          onExport({ request }) {
            requests.push(request);
            return { kind: 'accepted' };
          },
        });
        const { grpcPort } = await receiver.start();
        const running = await startApp(nodes.get(version) ?? '', homes.get(app) ?? '', {
          OTEL_SERVICE_NAME: app,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${grpcPort}`,
        });
        try {
          const response = await fetch(`${running.url}/hello/world`);
          expect(await response.text()).toBe('hello world');
          const ready = await fetch(`${running.url}/readyz`);
          expect(ready.status).toBe(200);
          const ended = await running.stop();
          expect(ended).toEqual({ code: null, signal: 'SIGTERM' });
        } finally {
          running.kill();
          await receiver.close();
        }

        const groups = requests
          .filter((request) => request.signal === 'traces')
          .flatMap((request) => request.groups);
        expect(new Set(groups.map((group) => group.resource.attributes['service.name']))).toEqual(
          new Set([app]),
        );
        const spans: readonly Span[] = itemsOf(groups);
        const server = spans.find((span) => span.name === 'GET /hello/:name');
        expect(server?.attributes).toMatchObject({
          'http.route': '/hello/:name',
          'http.response.status_code': 200,
          'nestjs.controller': 'HelloController',
          'code.function.name': 'HelloController.hello',
        });
        expect(spans.find((span) => span.name === 'greet')?.parentSpanId).toBe(server?.spanId);

        const metrics: readonly Metric[] = requests
          .filter((request) => request.signal === 'metrics')
          .flatMap((request) => itemsOf(request.groups));
        expect(metrics.map((metric) => metric.name)).toContain('http.server.request.duration');

        const records = requests
          .filter((request) => request.signal === 'logs')
          .flatMap((request) => itemsOf(request.groups));
        const hello = records.find((record) => record.body === 'hello world');
        expect(hello).toMatchObject({ traceId: server?.traceId, severityNumber: 9 });

        expect(running.output.join('\n')).toMatch(/Telemetry is on/);
        expect(running.output.join('\n')).toMatch(/nestlens\.shutdown/);
      },
      MINUTES,
    );
  });
});
