import { Controller, Get } from '@nestjs/common';
import { recordTelemetry } from '@nestlens/testing';
import { platforms, startHttpApp } from './fixtures/http-app.js';
import { AsyncContextManager } from '../context/async-context-manager.js';

@Controller()
class ShopController {
  @Get('items')
  items(): string {
    return 'items';
  }
}

describe.each(platforms)('an app on %s', (_name, makeAdapter) => {
  it('records its requests with providers that were registered later', async () => {
    const http = await startHttpApp(makeAdapter, { controllers: [ShopController] });
    await http.telemetry.restore();
    const later = recordTelemetry({ contextManager: new AsyncContextManager() });
    await (await fetch(`${http.url}/items`)).text();
    const [span] = await later.waitForSpans(1);
    const names = (await later.collectMetrics()).map(({ descriptor }) => descriptor.name);
    await http.close();
    await later.restore();
    expect(span?.name).toBe('GET /items');
    expect(names.toSorted()).toEqual([
      'http.server.active_requests',
      'http.server.request.duration',
    ]);
  });

  it('removes its subscription when it is closed', async () => {
    const http = await startHttpApp(makeAdapter, { controllers: [ShopController] });
    const server = http.app.getHttpServer() as { listening: boolean };
    await http.app.close();
    expect(server.listening).toBe(false);
    const { channel } = await import('node:diagnostics_channel');
    expect(channel('http.server.request.start').hasSubscribers).toBe(false);
    await http.close();
  });

  it('records each request once if a second app runs beside it', async () => {
    const one = await startHttpApp(makeAdapter, { controllers: [ShopController] });
    const two = await startHttpApp(makeAdapter, { controllers: [ShopController] });
    await (await fetch(`${one.url}/items`)).text();
    await (await fetch(`${two.url}/items`)).text();
    const spans = await two.telemetry.waitForSpans(2);
    await two.close();
    await one.close();
    expect(spans.map(({ name }) => name)).toEqual(['GET /items', 'GET /items']);
    expect(spans.map(({ attributes }) => attributes['server.port'])).toEqual([one.port, two.port]);
  });
});
