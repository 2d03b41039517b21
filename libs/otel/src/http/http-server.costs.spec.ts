import type { ServerResponse } from 'node:http';
import { jest } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import type { HttpApp, HttpAppParts } from './fixtures/http-app.js';
import { HttpServerInstrumentation } from './http-server.instrumentation.js';
import { RequestReader } from './request-facts.js';
import { ServerDurations } from './server-durations.js';

const EVENTS = ['close', 'finish', 'error', 'prefinish'] as const;

/** Of each request, when its first middleware runs: listeners of its response. */
let listeners: number[] = [];

@Controller('cats')
class CatsController {
  @Get(':id')
  one(): string {
    return 'one';
  }
}

describe.each(platforms)('a request on %s', (_name, makeAdapter) => {
  let http: HttpApp;

  const start = async (parts: HttpAppParts = {}): Promise<void> => {
    listeners = [];
    http = await startHttpApp(makeAdapter, {
      controllers: [CatsController],
      configure: (consumer) =>
        consumer
          .apply((_req: unknown, res: ServerResponse, next: () => void) => {
            listeners.push(EVENTS.reduce((sum, event) => sum + res.listenerCount(event), 0));
            next();
          })
          .forRoutes(CatsController),
      ...parts,
    });
  };
  const visit = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await (await fetch(`${http.url}/cats/${n}`)).text();
    while (http.inFlight.count > 0) await new Promise(setImmediate);
  };
  afterEach(async () => {
    await http.close();
    jest.restoreAllMocks();
  });

  it('has one listener of ours, whatever ends with it', async () => {
    await start();
    await visit(1);
    http.app.get(HttpServerInstrumentation).disable();
    await visit(1);
    const [withUs = 0, without = 0] = listeners;
    expect(withUs).toBe(without + 1);
  });

  it('is described once if it is recorded', async () => {
    const described = jest.spyOn(RequestReader.prototype, 'describe');
    await start();
    await visit(5);
    expect(described).toHaveBeenCalledTimes(5);
    expect(await http.telemetry.waitForSpans(5)).toHaveLength(5);
  });

  it('has a duration and nothing else if it is not sampled', async () => {
    const described = jest.spyOn(RequestReader.prototype, 'describe');
    const durations = jest.spyOn(ServerDurations.prototype, 'seriesOf');
    await start({ telemetry: { sampler: new AlwaysOffSampler() } });
    await visit(5);
    expect(described).not.toHaveBeenCalled();
    expect(new Set(durations.mock.results.map(({ value }) => value as unknown)).size).toBe(1);
    expect(durations).toHaveBeenCalledTimes(5);
    const [metric] = (await http.telemetry.collectMetrics()).filter(
      ({ descriptor }) => descriptor.name === 'http.server.request.duration',
    );
    expect(metric?.dataPoints).toMatchObject([{ value: { count: 5 } }]);
  });
});
