import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { BatchObservableCallback, ObservableCallback } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { seriesOf } from '@nestlens/otlp';
import { LateBoundMeterProvider } from './meter.js';

class PullReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const recording = () => {
  const reader = new PullReader();
  const provider = new MeterProvider({ readers: [reader] });
  const values = async (): Promise<Record<string, unknown>> => {
    const { resourceMetrics } = await reader.collect();
    const found: Record<string, unknown> = {};
    for (const { metrics } of resourceMetrics.scopeMetrics) {
      for (const metric of metrics) {
        const [point] = metric.dataPoints;
        const value = point?.value;
        found[metric.descriptor.name] =
          typeof value === 'object'
            ? { count: value.count, sum: (value as { sum?: number }).sum }
            : value;
      }
    }
    return found;
  };
  return { provider, values };
};

const ignore = () => {};

describe('LateBoundMeterProvider', () => {
  const complaints: string[] = [];
  beforeEach(() => {
    complaints.length = 0;
    const complain = (message: string) => void complaints.push(message);
    diag.setLogger(
      { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  });
  afterEach(() => diag.disable());

  it('hands out series that record to the histogram of each provider, except invalid values', async () => {
    const late = new LateBoundMeterProvider();
    const histogram = late.getMeter('early').createHistogram('histogram');
    const series = seriesOf(histogram, { a: 1 });
    series.record(1);
    const [first, second] = [recording(), recording()];
    late.fill(first.provider);
    series.record(2);
    series.record(Number.NaN);
    late.fill(second.provider);
    series.record(3);
    series.record(4);
    expect(await first.values()).toEqual({ histogram: { count: 1, sum: 2 } });
    expect(await second.values()).toEqual({ histogram: { count: 2, sum: 7 } });
    expect(complaints).toEqual(['A measurement that is not a finite number was dropped']);
  });

  it('makes all seven kinds of instruments work after each fill', async () => {
    const late = new LateBoundMeterProvider();
    const meter = late.getMeter('early', '1.0.0');
    const counter = meter.createCounter('counter');
    const upDown = meter.createUpDownCounter('updown');
    const histogram = meter.createHistogram('histogram');
    const gauge = meter.createGauge('gauge');
    meter.createObservableGauge('observed.gauge').addCallback((result) => result.observe(7));
    meter.createObservableCounter('observed.counter').addCallback((result) => result.observe(8));
    meter
      .createObservableUpDownCounter('observed.updown')
      .addCallback(async (result) => result.observe(9));
    const record = (): void => {
      counter.add(1);
      upDown.add(-2);
      histogram.record(3);
      gauge.record(4);
    };
    record();

    for (let round = 0; round < 2; round++) {
      const { provider, values } = recording();
      late.fill(provider);
      record();
      expect(await values()).toEqual({
        counter: 1,
        updown: -2,
        histogram: { count: 1, sum: 3 },
        gauge: 4,
        'observed.gauge': 7,
        'observed.counter': 8,
        'observed.updown': 9,
      });
      late.unfill();
      record();
      expect(await values()).toMatchObject({ counter: 1, updown: -2 });
      await provider.shutdown();
    }
  });

  it('stops observing for a provider that was replaced', async () => {
    const late = new LateBoundMeterProvider();
    let asked = 0;
    late
      .getMeter('m')
      .createObservableGauge('g')
      .addCallback((result) => result.observe(++asked));
    const first = recording();
    const second = recording();
    late.fill(first.provider);
    await first.values();
    late.fill(second.provider);
    await first.values();
    expect(asked).toBe(1);
    expect(await second.values()).toEqual({ g: 2 });
  });

  it('adds and removes observable callbacks before and after the fill', async () => {
    const late = new LateBoundMeterProvider();
    const observable = late.getMeter('m').createObservableGauge('g');
    let asked: string[] = [];
    const one: ObservableCallback = () => void asked.push('one');
    const two: ObservableCallback = () => void asked.push('two');
    observable.addCallback(one);
    observable.addCallback(one);
    observable.removeCallback(two);
    observable.removeCallback(one);
    observable.addCallback(two);
    const { provider, values } = recording();
    late.fill(provider);
    await values();
    expect(asked).toEqual(['two']);
    observable.addCallback(one);
    observable.removeCallback(two);
    asked = [];
    await values();
    expect(asked).toEqual(['one']);
    observable.removeCallback(one);
    asked = [];
    await values();
    expect(asked).toEqual([]);
  });

  it("passes batch callbacks on with the SDK's own instruments", async () => {
    const late = new LateBoundMeterProvider();
    const meter = late.getMeter('m');
    const a = meter.createObservableGauge('a');
    const b = meter.createObservableCounter('b');
    const stray = meter.createObservableGauge('stray');
    let asked = 0;
    const callback: BatchObservableCallback = (result) => {
      asked += 1;
      result.observe(a, 1);
      result.observe(b, 2);
      result.observe(stray, 3);
    };
    meter.addBatchObservableCallback(callback, [a, b]);
    meter.addBatchObservableCallback(callback, [b, a]);
    for (let round = 0; round < 2; round++) {
      const { provider, values } = recording();
      late.fill(provider);
      expect(await values()).toEqual({ a: 1, b: 2 });
    }
    meter.removeBatchObservableCallback(callback, [a]);
    const { provider, values } = recording();
    late.fill(provider);
    expect(await values()).toEqual({ a: 1, b: 2 });
    meter.removeBatchObservableCallback(callback, [b, a]);
    await values();
    expect(asked).toBe(3);
    expect(complaints).toEqual([]);
  });

  it('drops invalid values and attributes, and warns', async () => {
    const late = new LateBoundMeterProvider();
    const counter = late.getMeter('m').createCounter('c');
    const histogram = late.getMeter('m').createHistogram('h');
    const { provider, values } = recording();
    late.fill(provider);
    const circular: Record<string, never> = {};
    Object.assign(circular, { circular });
    const throwing = {
      get key(): string {
        throw new Error('no');
      },
    };
    for (const bad of [null, 'x', Number.NaN, Infinity, -1, undefined]) {
      counter.add(bad as number);
      histogram.record(bad as number);
    }
    for (const bad of [circular, { big: 1n as never }, throwing]) {
      counter.add(1, bad);
      histogram.record(1, bad);
    }
    counter.add(2);
    histogram.record(2);
    expect(await values()).toEqual({ c: 2, h: { count: 1, sum: 2 } });
    expect(complaints).toHaveLength(18);
  });

  it('warns a few times, and does not throw, if the SDK cannot make an instrument', async () => {
    const late = new LateBoundMeterProvider();
    const { provider, values } = recording();
    late.fill(provider);
    const counter = late.getMeter('m').createCounter(Symbol('no name') as never);
    counter.add(1);
    counter.add(1);
    const long = late.getMeter('m').createCounter('n'.repeat(300));
    long.add(1);
    await values();
    expect(complaints.length).toBeGreaterThan(0);
    expect(complaints.length).toBeLessThan(4);
  });

  it('warns once if an instrument exists with another unit', async () => {
    const late = new LateBoundMeterProvider();
    const { provider, values } = recording();
    late.fill(provider);
    const meter = late.getMeter('m');
    meter.createCounter('c', { unit: 's' }).add(1);
    meter.createCounter('c', { unit: 'ms' }).add(1);
    await values();
    expect(complaints).toEqual([expect.stringContaining('A view or instrument with the name')]);
  });
});
