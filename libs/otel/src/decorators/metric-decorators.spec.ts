import { NotFoundException } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { recordTelemetry } from '@nestlens/testing';
import { Subject } from 'rxjs';
import { globalProviders as globals } from '../late-bound/globals.js';
import { Counted } from './counted.decorator.js';
import { Timed } from './timed.decorator.js';

class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

class Shop {
  @Counted('orders.placed', {
    description: 'Orders placed',
    unit: '{order}',
    attributes: ([currency]: [string]) => ({ currency }),
  })
  async place(_currency: string, error?: Error): Promise<void> {
    if (error !== undefined) throw error;
  }

  @Counted()
  @Timed()
  quick(): number {
    return 1;
  }

  @Timed('shop.stream', { attributes: { kind: 'stream' } })
  stream(subject: Subject<number>): Subject<number> {
    return subject;
  }
}

describe('@Counted and @Timed', () => {
  let reader: PullReader;
  const shop = new Shop();

  beforeEach(() => {
    reader = new PullReader();
    globals.fillWith({ meterProvider: new MeterProvider({ readers: [reader] }) });
  });
  afterEach(() => globals.release());
  afterAll(() => metrics.disable());

  const points = async () => {
    const { resourceMetrics } = await reader.collect();
    const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return Object.fromEntries(
      found.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        {
          unit: descriptor.unit,
          points: dataPoints.map(({ attributes, value }) => ({ attributes, value })),
        },
      ]),
    );
  };

  it('counts calls when they end, with the error type if they failed', async () => {
    await shop.place('EUR');
    await shop.place('EUR');
    await expect(shop.place('USD', new NotFoundException())).rejects.toThrow('Not Found');
    expect((await points())['orders.placed']).toEqual({
      unit: '{order}',
      points: [
        { attributes: { currency: 'EUR' }, value: 2 },
        { attributes: { currency: 'USD', 'error.type': 'NotFoundException' }, value: 1 },
      ],
    });
  });

  it('use one shared instrument if no name is given', async () => {
    expect(shop.quick()).toBe(1);
    const found = await points();
    const attributes = { 'code.function.name': 'Shop.quick' };
    expect(found['nestlens.method.calls']).toEqual({
      unit: '{call}',
      points: [{ attributes, value: 1 }],
    });
    const duration = found['nestlens.method.duration'];
    expect(duration?.unit).toBe('s');
    const histogram = duration?.points[0]?.value as Histogram;
    expect(histogram.count).toBe(1);
    expect(histogram.buckets.boundaries).toHaveLength(14);
    expect(histogram.sum).toBeLessThan(1);
  });

  it('record into a test recording, and into the app again after it', async () => {
    const recorded = recordTelemetry();
    shop.quick();
    const names = (await recorded.collectMetrics()).map(({ descriptor }) => descriptor.name);
    expect(new Set(names)).toEqual(new Set(['nestlens.method.calls', 'nestlens.method.duration']));
    await recorded.restore();
    shop.quick();
    expect((await points())['nestlens.method.calls']?.points).toMatchObject([{ value: 1 }]);
  });

  it('measure a stream until it completes', async () => {
    const subject = new Subject<number>();
    shop.stream(subject).subscribe();
    expect((await points())['shop.stream']).toBeUndefined();
    subject.complete();
    const [point] = (await points())['shop.stream']?.points ?? [];
    expect(point?.attributes).toEqual({ kind: 'stream' });
    expect(point?.value).toMatchObject({ count: 1 });
  });
});
