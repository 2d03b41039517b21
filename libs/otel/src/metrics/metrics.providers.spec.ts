import { Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { metrics, trace, logs } from '@opentelemetry/api';
import type { Meter } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ManagementRoutes } from '../management/management-routes.js';
import { resolveConfig } from '../options/resolve.js';
import { OTEL_CONFIG } from '../options/otel.config.js';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import { OTEL_METER, OTEL_TRACER } from './instrument.tokens.js';
import { METRICS_PROVIDERS, PROMETHEUS_ENDPOINT } from './metrics.providers.js';
import type { PrometheusEndpoint } from './prometheus-endpoint.js';

describe('METRICS_PROVIDERS', () => {
  let app: INestApplicationContext;
  beforeAll(() => globalProviders.install());
  afterEach(async () => {
    await app.close();
    globalProviders.release();
  });
  afterAll(() => {
    metrics.disable();
    trace.disable();
    logs.disable();
  });

  const start = async (options: object, env: NodeJS.ProcessEnv = {}): Promise<void> => {
    const config = resolveConfig({ service: { name: 'shop' }, ...options }, env);
    @Module({
      providers: [
        { provide: OTEL_CONFIG, useValue: config },
        ManagementRoutes,
        { provide: AppTelemetry, useValue: globalProviders.byHand },
        ...METRICS_PROVIDERS,
      ],
    })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  };
  const endpoint = (): PrometheusEndpoint | undefined =>
    app.get<PrometheusEndpoint | undefined>(PROMETHEUS_ENDPOINT);
  const paths = (): readonly string[] => app.get(ManagementRoutes).paths();

  /** The metric names that the endpoint collects, by scope. */
  const collected = async (): Promise<Record<string, string[]>> => {
    const reader = endpoint()?.reader;
    if (reader === undefined) throw new Error('There is no endpoint');
    globalProviders.fillWith({ meterProvider: new MeterProvider({ readers: [reader] }) });
    app.get<Meter>(OTEL_METER).createCounter('orders').add(1);
    const { resourceMetrics } = await reader.collect();
    return Object.fromEntries(
      resourceMetrics.scopeMetrics.map(({ scope, metrics: found }) => [
        scope.name,
        found.map(({ descriptor }) => descriptor.name),
      ]),
    );
  };

  it('serve Prometheus if the options ask for it, with runtime metrics and the scope of the service', async () => {
    await start({ metrics: { prometheus: { path: '/prom' } } });
    expect(paths()).toEqual(['/prom']);
    const found = await collected();
    expect(found['shop']).toEqual(['orders']);
    expect(found['@nestlens/otel']).toEqual(
      expect.arrayContaining(['nodejs.eventloop.utilization', 'v8js.memory.heap.used']),
    );
    expect(app.get(OTEL_TRACER)).toBe(globalProviders.byHand.tracers.getTracer('shop'));
  });

  it('collect runtime metrics only while their app runs', async () => {
    await start({ metrics: { prometheus: true } });
    globalProviders.release();
    await app.close();
    await start({ metrics: { prometheus: true, runtime: false } });
    expect(paths()).toEqual(['/metrics']);
    expect(await collected()).toEqual({ shop: ['orders'] });
  });

  it('serve no endpoint if it is off, or if the SDK is disabled', async () => {
    await start({});
    expect(endpoint()).toBeUndefined();
    await app.close();
    await start({ metrics: { prometheus: true } }, { OTEL_SDK_DISABLED: 'true' });
    expect(endpoint()).toBeUndefined();
    expect(paths()).toEqual([]);
  });
});
