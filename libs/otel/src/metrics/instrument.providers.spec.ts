import { Controller, Get, Injectable, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { metrics, trace } from '@opentelemetry/api';
import type { Counter, Gauge, Histogram, Meter, Tracer, UpDownCounter } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { globalProviders } from '../late-bound/globals.js';
import {
  provideCounter,
  provideGauge,
  provideHistogram,
  provideUpDownCounter,
} from './instrument.providers.js';
import {
  InjectInstrument,
  InjectMeter,
  InjectTracer,
  OTEL_METER,
  OTEL_TRACER,
} from './instrument.tokens.js';
import {
  provideObservableCounter,
  provideObservableGauge,
  provideObservableUpDownCounter,
} from './observable.providers.js';

class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

@Injectable()
class Queue {
  static asked = 0;
  get depth(): number {
    Queue.asked += 1;
    return 42;
  }
}

@Controller()
class Orders {
  @InjectInstrument('orders.open') readonly open!: UpDownCounter;
  readonly #placed: Counter;
  readonly #size: Histogram;
  readonly #load: Gauge;
  readonly scopes: { meter: Meter; tracer: Tracer };

  constructor(
    @InjectInstrument('orders.placed') placed: Counter,
    @InjectInstrument('orders.size') size: Histogram,
    @InjectInstrument('orders.load') load: Gauge,
    @InjectMeter() meter: Meter,
    @InjectTracer() tracer: Tracer,
  ) {
    this.#placed = placed;
    this.#size = size;
    this.#load = load;
    this.scopes = { meter, tracer };
  }

  @Get()
  place(): string {
    this.#placed.add(1);
    this.#size.record(3);
    this.#load.record(0.5);
    this.open.add(1);
    return 'placed';
  }
}

@Module({
  controllers: [Orders],
  providers: [
    Queue,
    { provide: AppTelemetry, useValue: globalProviders.byHand },
    { provide: OTEL_METER, useFactory: () => metrics.getMeter('shop') },
    { provide: OTEL_TRACER, useFactory: () => trace.getTracer('shop') },
    provideCounter('orders.placed', { unit: '{order}', description: 'Orders placed' }),
    provideUpDownCounter('orders.open'),
    provideHistogram('orders.size', { advice: { explicitBucketBoundaries: [1, 10] } }),
    provideGauge('orders.load'),
    provideObservableGauge('queue.depth', {
      unit: '{job}',
      inject: [Queue],
      observe: (result, queue: Queue) => result.observe(queue.depth, { queue: 'main' }),
    }),
    provideObservableCounter('queue.sum', { observe: (result) => result.observe(8) }),
    provideObservableUpDownCounter('queue.balance', {
      observe: async (result) => result.observe(-1),
    }),
  ],
})
class AppModule {}

describe('injectable instruments', () => {
  let app: INestApplication | undefined;
  beforeAll(() => globalProviders.install());
  afterEach(async () => {
    await app?.close();
    globalProviders.release();
  });
  afterAll(() => {
    metrics.disable();
    trace.disable();
  });

  const collect = async (reader: PullReader) => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics: found }) =>
      found.map((metric) => ({ scope: scope.name, ...metric })),
    );
  };

  it('exist before the SDK, record from its start, and are removed with the app', async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await fetch(url);

    const reader = new PullReader();
    globalProviders.fillWith({ meterProvider: new MeterProvider({ readers: [reader] }) });
    await fetch(url);
    const found = await collect(reader);
    expect(found.map(({ scope }) => scope)).toEqual(Array.from({ length: 7 }, () => 'shop'));
    const byName = Object.fromEntries(found.map((metric) => [metric.descriptor.name, metric]));
    expect(byName).toMatchObject({
      'orders.placed': { descriptor: { unit: '{order}' }, dataPoints: [{ value: 1 }] },
      'orders.open': { dataPoints: [{ value: 1 }] },
      'orders.size': { dataPoints: [{ value: { buckets: { boundaries: [1, 10] } } }] },
      'orders.load': { dataPoints: [{ value: 0.5 }] },
      'queue.depth': { dataPoints: [{ value: 42, attributes: { queue: 'main' } }] },
      'queue.sum': { dataPoints: [{ value: 8 }] },
      'queue.balance': { dataPoints: [{ value: -1 }] },
    });

    // The last collection runs after all hooks of the app, and still calls the callback.
    const asked = Queue.asked;
    await app.close();
    await collect(reader);
    expect(Queue.asked).toBe(asked + 1);
    globalProviders.release();
    const next = new PullReader();
    globalProviders.fillWith({ meterProvider: new MeterProvider({ readers: [next] }) });
    expect(await collect(next)).toEqual([]);
    expect(Queue.asked).toBe(asked + 1);
  });

  it('release the services of an app that never had an SDK', async () => {
    app = await NestFactory.create(AppModule, { logger: false });
    await app.init();
    await app.close();
    const reader = new PullReader();
    globalProviders.fillWith({ meterProvider: new MeterProvider({ readers: [reader] }) });
    expect(await collect(reader)).toEqual([]);
  });

  it('work without OtelModule', async () => {
    @Module({ providers: [provideCounter('alone')], exports: [] })
    class Alone {}
    app = await NestFactory.create(Alone, { logger: false });
    await expect(app.init()).resolves.toBeDefined();
  });
});
