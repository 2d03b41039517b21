import { useLeakCheck } from '@nestlens/testing';
import type { ExportResult } from '@opentelemetry/core';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  createAllowListAttributesProcessor,
} from '@opentelemetry/sdk-metrics';
import type {
  DataPoint,
  Histogram,
  IMetricReader,
  PushMetricExporter,
  ResourceMetrics,
  ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { boundedReader } from './bounded-reader.js';
import {
  PullReader,
  isOverflow,
  metricsIn,
  nextMillisecond,
  sumOf,
} from './fixtures/pull-reader.js';

useLeakCheck();

/** Keeps the exported metrics, and asks for the temporality `wanted`. */
class KeepingExporter implements PushMetricExporter {
  readonly exports: ResourceMetrics[] = [];
  readonly #wanted: AggregationTemporality;
  closed = false;

  constructor(wanted = AggregationTemporality.CUMULATIVE) {
    this.#wanted = wanted;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    this.exports.push(metrics);
    done({ code: 0 });
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  selectAggregationTemporality(): AggregationTemporality {
    return this.#wanted;
  }

  last(): DataPoint<unknown>[] {
    const last = this.exports.at(-1);
    return last === undefined ? [] : (last.scopeMetrics[0]?.metrics[0]?.dataPoints ?? []);
  }
}

function periodic(exporter: PushMetricExporter): IMetricReader {
  return new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
}

describe('a bounded reader that exports', () => {
  it('collects and exports at each flush, and once more at the shutdown', async () => {
    const exporter = new KeepingExporter();
    const provider = new MeterProvider({ readers: [boundedReader(periodic(exporter))] });
    const counter = provider.getMeter('spec').createCounter('c');
    counter.add(1);
    await provider.forceFlush();
    await provider.forceFlush();
    expect(exporter.exports).toHaveLength(2);
    expect(exporter.last()).toMatchObject([{ value: 1 }]);
    counter.add(2);
    await provider.shutdown();
    expect(exporter.last()).toMatchObject([{ value: 3 }]);
    expect(exporter.closed).toBe(true);
  });

  it('bounds each delta by itself if the exporter wants deltas', async () => {
    const exporter = new KeepingExporter(AggregationTemporality.DELTA);
    const provider = new MeterProvider({
      readers: [boundedReader(periodic(exporter), { limit: 100 })],
    });
    const counter = provider.getMeter('spec').createCounter('c');
    for (let cycle = 0; cycle < 3; cycle++) {
      for (let set = 0; set < 150; set++) counter.add(1, { id: `${cycle}-${set}` });
      await provider.forceFlush();
      expect(exporter.last()).toHaveLength(100);
      expect(sumOf(exporter.last())).toBe(150);
    }
    await provider.shutdown();
  });

  it('exports the whole sum again after an export that failed', async () => {
    const exporter = new KeepingExporter();
    const refusing = Object.assign(exporter, {
      export(metrics: ResourceMetrics, done: (result: ExportResult) => void) {
        exporter.exports.push(metrics);
        done({ code: 1 });
      },
    });
    const provider = new MeterProvider({ readers: [boundedReader(periodic(refusing))] });
    const counter = provider.getMeter('spec').createCounter('c');
    for (let cycle = 1; cycle <= 3; cycle++) {
      counter.add(1);
      await provider.forceFlush();
      expect(exporter.last()).toMatchObject([{ value: cycle }]);
    }
    await provider.shutdown();
  });

  it('does not change metrics that it has exported', async () => {
    const exporter = new KeepingExporter();
    const provider = new MeterProvider({ readers: [boundedReader(periodic(exporter))] });
    const histogram = provider
      .getMeter('spec')
      .createHistogram('h', { advice: { explicitBucketBoundaries: [1] } });
    for (let cycle = 0; cycle < 3; cycle++) {
      histogram.record(cycle);
      await provider.forceFlush();
    }
    const counts = exporter.exports.map(({ scopeMetrics }) => {
      const point = scopeMetrics[0]?.metrics[0]?.dataPoints[0] as DataPoint<Histogram> | undefined;
      return point?.value.buckets.counts;
    });
    expect(counts).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
    ]);
    await provider.shutdown();
  });
});

describe('concurrent collections of a bounded reader', () => {
  it('lose no measurement, count none twice, and end with the last value of a gauge', async () => {
    const reader = new PullReader();
    const provider = new MeterProvider({ readers: [boundedReader(reader)] });
    const gates: PromiseWithResolvers<void>[] = [];
    const meters = [provider.getMeter('quick'), provider.getMeter('slow')] as const;
    meters[1].createObservableGauge('gate').addCallback(async (result) => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      result.observe(1);
    });
    const gauge = meters[0].createGauge('gauge');
    const counter = meters[0].createCounter('counter');

    gauge.record(1);
    counter.add(1);
    const first = reader.collect();
    while (gates.length < 1) await Promise.resolve();
    await nextMillisecond();
    gauge.record(2);
    counter.add(2);
    const second = reader.collect();
    while (gates.length < 2) await Promise.resolve();
    gates[1]?.resolve();
    const later = metricsIn(await second);
    gates[0]?.resolve();
    await first;

    function valueOf(metrics: typeof later, name: string): unknown {
      return metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value;
    }
    expect(valueOf(later, 'gauge')).toBe(2);
    const gate = reader.metrics();
    while (gates.length < 3) await Promise.resolve();
    gates[2]?.resolve();
    const last = await gate;
    expect(valueOf(last, 'gauge')).toBe(2);
    expect(valueOf(last, 'counter')).toBe(3);
  });
});

describe('a bounded reader without collections', () => {
  it('collects by itself, so that the SDK keeps no data for it, and loses nothing', async () => {
    const views: ViewOptions[] = [{ instrumentName: '*' }];
    const [asking, waiting] = [new PullReader(), new PullReader()];
    const idle = boundedReader(waiting, { views, idleMs: 5 });
    const provider = new MeterProvider({
      readers: [boundedReader(asking, { views }), idle],
      views,
    });
    const meter = provider.getMeter('spec');
    const counter = meter.createCounter('c');
    let asked = Promise.withResolvers<void>();
    meter.createObservableGauge('g').addCallback(() => asked.resolve());
    for (let cycle = 0; cycle < 3; cycle++) {
      counter.add(1);
      await asking.collect();
      asked = Promise.withResolvers<void>();
      await asked.promise;
    }
    expect(await waiting.points('c')).toMatchObject([{ value: 3 }]);
    await idle.shutdown();
    await provider.shutdown();
  });
});

describe('a bounded reader and views', () => {
  function reading(views: readonly ViewOptions[], limit = 2000) {
    const reader = new PullReader();
    const provider = new MeterProvider({
      readers: [boundedReader(reader, { limit, views })],
      views: [...views],
    });
    return { reader, meter: provider.getMeter('spec') };
  }

  it('adds up sets that become equal through a view, over all collections', async () => {
    const { reader, meter } = reading([
      {
        instrumentName: 'c',
        attributesProcessors: [createAllowListAttributesProcessor(['route'])],
      },
    ]);
    const counter = meter.createCounter('c');
    for (let user = 0; user < 5000; user++) {
      counter.add(1, { route: `/${user % 3}`, user });
      if (user % 1000 === 0) await reader.collect();
    }
    const points = await reader.points('c');
    expect(points.map(({ attributes }) => attributes)).toEqual([
      { route: '/0' },
      { route: '/1' },
      { route: '/2' },
    ]);
    expect(sumOf(points)).toBe(5000);
  });

  it('keeps the two streams of an instrument with two views, each within the limit of its view', async () => {
    const { reader, meter } = reading(
      [
        { instrumentName: 'c', name: 'c.few', aggregationCardinalityLimit: 10 },
        { instrumentName: 'c', name: 'c.many', aggregationCardinalityLimit: 300 },
      ],
      50,
    );
    const counter = meter.createCounter('c');
    for (let cycle = 0; cycle < 3; cycle++) {
      for (let set = 0; set < 200; set++) counter.add(1, { id: `${cycle}-${set}` });
      await reader.collect();
    }
    for (const [name, points] of [
      ['c.few', 10],
      ['c.many', 300],
    ] as const) {
      const found = await reader.points(name);
      expect(found).toHaveLength(points);
      expect(sumOf(found)).toBe(600);
    }
  });

  it('keeps sums, last values and histograms of views within the limit', async () => {
    const { reader, meter } = reading(
      [
        { instrumentName: 'as.sum', aggregation: { type: AggregationType.SUM } },
        { instrumentName: 'as.last', aggregation: { type: AggregationType.LAST_VALUE } },
        {
          instrumentName: 'as.histogram',
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
        },
        { instrumentName: 'as.nothing', aggregation: { type: AggregationType.DROP } },
      ].map((view) => ({ ...view, aggregationCardinalityLimit: 4 })),
    );
    const sum = meter.createHistogram('as.sum');
    const last = meter.createCounter('as.last');
    const upDown = meter.createUpDownCounter('as.histogram');
    const dropped = meter.createCounter('as.nothing');
    for (let cycle = 1; cycle <= 3; cycle++) {
      for (let set = 0; set < 4; set++) {
        sum.record(cycle, { cycle, set });
        last.add(cycle, { cycle, set });
        upDown.add(set % 2 === 0 ? cycle : -cycle, { cycle, set });
        dropped.add(1, { cycle, set });
      }
      await reader.collect();
    }
    expect(sumOf(await reader.points('as.sum'))).toBe(24);
    expect((await reader.points('as.last')).find(isOverflow)?.value).toBe(3);
    const histograms = await reader.points('as.histogram');
    expect(histograms).toHaveLength(4);
    const [overflow] = histograms.filter(isOverflow);
    expect(overflow?.value).toMatchObject({ count: 9, sum: undefined, min: -3, max: 3 });
    expect(await reader.points('as.nothing')).toEqual([]);
  });
});
