import { createOtlpReceiver } from '@nestlens/otlp/receiver';
import type { ExportRequest, ResourceGroup } from '@nestlens/otlp/wire';
import type { RunningApp } from './fresh-app.js';

const itemsOf = <I>(groups: readonly ResourceGroup<I>[]): readonly I[] =>
  groups.flatMap((group) => group.scopes.flatMap((scope) => scope.items));

/** Runs `work` against a collector. Returns all requests that arrived. */
export const collected = async (
  work: (endpoint: string) => Promise<void>,
): Promise<readonly ExportRequest[]> => {
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
  try {
    await work(`http://127.0.0.1:${grpcPort}`);
  } finally {
    await receiver.close();
  }
  return requests;
};

export const spansIn = (requests: readonly ExportRequest[]) =>
  requests.flatMap((request) => (request.signal === 'traces' ? itemsOf(request.groups) : []));

export const recordsIn = (requests: readonly ExportRequest[]) =>
  requests.flatMap((request) => (request.signal === 'logs' ? itemsOf(request.groups) : []));

/**
 * Sends one request to the app of `main.ts`, stops it, and expects the telemetry of that request. With
 * `hasEarly` this includes spans of a tracer that was obtained before this package was loaded.
 */
export const expectObserved = async (
  service: string,
  start: (env: Readonly<Record<string, string>>) => Promise<RunningApp>,
  hasEarly = true,
): Promise<readonly string[]> => {
  let output: readonly string[] = [];
  const requests = await collected(async (endpoint) => {
    const running = await start({
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    });
    ({ output } = running);
    try {
      const response = await fetch(`${running.url}/hello/world`);
      expect(await response.text()).toBe('hello world');
      expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
      expect(await running.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    } finally {
      running.kill();
    }
  });

  const names = requests.flatMap(({ groups }) =>
    groups.map(({ resource }) => resource.attributes['service.name']),
  );
  expect(new Set(names)).toEqual(new Set([service]));
  const spans = spansIn(requests);
  const server = spans.find((span) => span.name === 'GET /hello/:name');
  expect(server?.attributes).toMatchObject({
    'http.route': '/hello/:name',
    'http.response.status_code': 200,
    'nestjs.controller': 'HelloController',
    'code.function.name': 'HelloController.hello',
  });
  const greet = spans.find((span) => span.name === 'greet');
  expect(greet?.parentSpanId).toBe(server?.spanId);
  // Tracers of the app's own copy of the API made these spans.
  for (const name of hasEarly ? ['own', 'early'] : ['own']) {
    expect(spans.find((span) => span.name === name)?.parentSpanId).toBe(greet?.spanId);
  }

  const metrics = requests.flatMap((request) =>
    request.signal === 'metrics' ? itemsOf(request.groups) : [],
  );
  expect(metrics.map((metric) => metric.name)).toContain('http.server.request.duration');

  const records = recordsIn(requests);
  const hello = records.find((record) => record.body === 'hello world');
  expect(hello).toMatchObject({ traceId: server?.traceId, severityNumber: 9 });

  expect(output.join('\n')).toMatch(/Telemetry is on/);
  expect(output.join('\n')).toMatch(/nestlens\.shutdown/);
  return output;
};
