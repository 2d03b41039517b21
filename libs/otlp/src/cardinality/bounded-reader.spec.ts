import { seededRandom, useLeakCheck } from '@nestlens/testing';
import type { Attributes, HrTime, Meter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { createMetricEncoder } from '../encode/metric-encoder.js';
import { boundedReader } from './bounded-reader.js';
import type { BoundedReaderOptions } from './bounded-reader.js';
import { PullReader, isOverflow, nextMillisecond, sumOf } from './fixtures/pull-reader.js';
import type { PullReaderOptions } from './fixtures/pull-reader.js';

useLeakCheck();

const OVERFLOW = { 'otel.metric.overflow': true };

/** A meter with a bounded reader. */
function bounded({ views, ...limits }: BoundedReaderOptions = {}, reading: PullReaderOptions = {}) {
  const reader = new PullReader(reading);
  const shapes = views === undefined ? {} : { views };
  const provider = new MeterProvider({
    readers: [boundedReader(reader, { ...limits, ...shapes })],
    views: [...(views ?? [])],
  });
  return { reader, provider, meter: provider.getMeter('spec') };
}

describe('boundedReader', () => {
  it('keeps within the limit of points for ever, while the SDK adds as many in each collection', async () => {
    const sdk = new PullReader();
    const ours = new PullReader();
    const provider = new MeterProvider({ readers: [sdk, boundedReader(ours)] });
    const counter = provider.getMeter('spec').createCounter('c');
    const counts: number[][] = [];
    for (let cycle = 0; cycle < 4; cycle++) {
      for (let set = 0; set < 2500; set++) counter.add(1, { id: `${cycle}-${set}` });
      const points = await ours.points('c');
      expect(sumOf(points)).toBe((cycle + 1) * 2500);
      counts.push([(await sdk.points('c')).length, points.length]);
    }
    expect(counts).toEqual([
      [2000, 2000],
      [3999, 2000],
      [5998, 2000],
      [7997, 2000],
    ]);
  });

  it('keeps the exact values of the first sets, and sums up the others in one point', async () => {
    const { reader, meter } = bounded({ limit: 4 });
    const counter = meter.createCounter('c');
    for (const id of ['a', 'b']) counter.add(1, { id });
    expect(await reader.points('c')).toHaveLength(2);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'a']) counter.add(10, { id });
    const points = await reader.points('c');
    expect(points.map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ id: 'a' }, 21],
      [{ id: 'b' }, 11],
      [{ id: 'c' }, 10],
      [OVERFLOW, 20],
    ]);
    counter.add(1, { id: 'f', later: true });
    counter.add(1, { id: 'c' });
    expect(sumOf((await reader.points('c')).filter(isOverflow))).toBe(21);
    expect(sumOf(await reader.points('c'))).toBe(64);
  });

  it('keeps counting the first sets if 50 new ones are recorded before them', async () => {
    const { reader, meter } = bounded({ limit: 100 });
    const counter = meter.createCounter('c');
    for (let id = 0; id < 99; id++) counter.add(1, { id });
    await reader.collect();
    for (let id = 0; id < 50; id++) counter.add(1, { id: `new ${id}` });
    for (let id = 0; id < 99; id++) counter.add(1, { id });
    const points = await reader.points('c');
    expect(points.filter((point) => !isOverflow(point)).map(({ value }) => value)).toEqual(
      Array.from({ length: 99 }, () => 2),
    );
    expect(sumOf(points.filter(isOverflow))).toBe(50);
  });

  it('exports one point with the whole sum if the limit is one', async () => {
    const { reader, meter } = bounded({ limit: 1 });
    const counter = meter.createCounter('c');
    for (let set = 0; set < 10; set++) counter.add(1, { set });
    expect(await reader.points('c')).toMatchObject([{ attributes: OVERFLOW, value: 10 }]);
  });

  it('identifies a set by its contents, even if the order differs or the object changes later', async () => {
    const { reader, meter } = bounded();
    const counter = meter.createCounter('c');
    const changing: Attributes = { a: 1, list: ['x'] };
    counter.add(1, changing);
    await reader.points('c');
    counter.add(1, { list: ['x'], a: 1 });
    (changing['list'] as string[]).push('y');
    changing['a'] = 2;
    expect(await reader.points('c')).toMatchObject([
      { attributes: { a: 1, list: ['x'] }, value: 2 },
    ]);
  });

  it('counts a measurement as overflow if its set can no longer be read', async () => {
    const { reader, meter } = bounded();
    const counter = meter.createCounter('c');
    const broken: Attributes = { a: 1 };
    counter.add(3, broken);
    Object.defineProperty(broken, 'a', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    expect(await reader.points('c')).toMatchObject([{ attributes: OVERFLOW, value: 3 }]);
  });

  it('keeps a sum if a later value would make it NaN', async () => {
    const { reader, meter } = bounded();
    const counter = meter.createUpDownCounter('c');
    for (const value of [5, Number.NaN, 1, Infinity, -Infinity]) {
      counter.add(value);
      await reader.collect();
    }
    expect(await reader.points('c')).toMatchObject([{ value: Infinity }]);
    const gauge = meter.createGauge('g');
    gauge.record(Number.NaN);
    expect(await reader.points('g')).toMatchObject([{ value: Number.NaN }]);
    gauge.record(2);
    expect(await reader.points('g')).toMatchObject([{ value: 2 }]);
  });

  it('keeps metrics apart that differ only in scope, unit or kind', async () => {
    const { reader, provider, meter } = bounded({ limit: 3 });
    meter.createCounter('n', { unit: 's' }).add(1);
    meter.createCounter('n', { unit: 'ms' }).add(2);
    meter.createUpDownCounter('n').add(4);
    provider.getMeter('other').createCounter('n', { unit: 's' }).add(8);
    provider.getMeter('spec', '2').createCounter('n', { unit: 's' }).add(16);
    meter.createCounter('n', { unit: 's', description: 'A longer one' }).add(32);
    await reader.collect();
    const found = (await reader.metrics()).map(({ descriptor, dataPoints }) => [
      descriptor.unit,
      descriptor.description,
      ...dataPoints.map(({ value }) => value),
    ]);
    expect(found).toEqual([
      ['s', 'A longer one', 33],
      ['ms', '', 2],
      ['', '', 4],
      ['s', '', 8],
      ['s', '', 16],
    ]);
  });

  it('exports values that did not change, also for a scope without new measurements', async () => {
    const { reader, provider } = bounded();
    provider.getMeter('still').createHistogram('h').record(7);
    const [before] = await reader.points('h');
    const [after] = await reader.points('h');
    expect(after).toMatchObject({ value: before?.value, startTime: before?.startTime });
    const [first, last] = [millis(before?.endTime), millis(after?.endTime)];
    expect(last).toBeGreaterThanOrEqual(first);
  });
});

describe('the output of boundedReader below the limit', () => {
  const LISTED = { id: ['a', 'b', 'c', 'd', 'e'] } as const;

  /** Two readers of one provider: the SDK's own, and one behind boundedReader. */
  function sideBySide(reading: PullReaderOptions = {}) {
    const sdk = new PullReader(reading);
    const ours = new PullReader(reading);
    const provider = new MeterProvider({
      resource: resourceFromAttributes({ 'service.name': 'spec' }),
      readers: [sdk, boundedReader(ours)],
      views: [],
    });
    return { sdk, ours, provider };
  }

  function instrumentsOf(meter: Meter, random: () => number) {
    function pick(): Attributes {
      return { id: LISTED.id[Math.floor(random() * 5)] };
    }
    const counter = meter.createCounter('counter', { unit: 'By', description: 'of bytes' });
    const whole = meter.createCounter('whole', { valueType: 0 });
    const upDown = meter.createUpDownCounter('up-down');
    const gauge = meter.createGauge('gauge');
    const histogram = meter.createHistogram('histogram', {
      advice: { explicitBucketBoundaries: [1, 5, 10] },
    });
    const level = { value: 0 };
    meter.createObservableCounter('observed.counter').addCallback((result) => {
      result.observe(level.value, { id: 'a' });
    });
    meter.createObservableUpDownCounter('observed.up-down').addCallback((result) => {
      result.observe(-level.value);
    });
    meter.createObservableGauge('observed.gauge').addCallback((result) => {
      result.observe(level.value / 3, { id: 'b' });
    });
    return (): void => {
      level.value += 1;
      for (let turn = 0; turn < 40; turn++) {
        counter.add(random() * 10, pick());
        whole.add(Math.floor(random() * 10), pick());
        upDown.add(random() * 10 - 5, pick());
        gauge.record(random() * 10, pick());
        histogram.record(0.1 + random() * 12, pick());
      }
    };
  }

  /** The encoded bytes of each metric, with the end time set to 0. */
  function encoded({ resource, scopeMetrics }: ResourceMetrics): string[] {
    return scopeMetrics
      .flatMap(({ scope, metrics }) =>
        metrics.map((metric) => {
          const encoder = createMetricEncoder();
          const target = new Uint8Array(65_536);
          const dataPoints = metric.dataPoints.map((point) => ({ ...point, endTime: [0, 0] }));
          encoder.open(target, 0);
          encoder.append(resource, scope, { ...metric, dataPoints } as MetricData, 0);
          return Buffer.from(target.subarray(0, encoder.close())).toString('base64');
        }),
      )
      .toSorted();
  }

  it.each([
    ['explicit', undefined],
    ['exponential', () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }) as const],
  ])(
    'equals that of the SDK byte by byte, for all kinds, with %s histograms',
    async (name, choose) => {
      const { sdk, ours, provider } = sideBySide(
        choose && {
          aggregation: (type) =>
            type === 'HISTOGRAM' ? choose() : { type: AggregationType.DEFAULT },
        },
      );
      const record = instrumentsOf(provider.getMeter(name, '1.2.3'), seededRandom(26));
      for (let cycle = 0; cycle < 6; cycle++) {
        if (cycle !== 3) record();
        const theirs = await sdk.collect();
        const own = await ours.collect();
        expect(encoded(theirs.resourceMetrics)).toHaveLength(8);
        expect(encoded(own.resourceMetrics)).toEqual(encoded(theirs.resourceMetrics));
      }
    },
  );

  it('equals that of the SDK if the reader wants deltas', async () => {
    const { sdk, ours, provider } = sideBySide({
      deltas: ['COUNTER', 'HISTOGRAM', 'OBSERVABLE_COUNTER'],
    });
    const record = instrumentsOf(provider.getMeter('deltas'), seededRandom(27));
    function timeless(metrics: readonly MetricData[]) {
      return metrics.map((metric) => ({
        ...metric,
        // The start time of a delta is the time of the previous collection, so times are left out.
        dataPoints: metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })),
      }));
    }
    for (let cycle = 0; cycle < 4; cycle++) {
      record();
      const theirs = timeless(await sdk.metrics());
      expect(timeless(await ours.metrics())).toEqual(theirs);
      const kinds = theirs.map(({ descriptor, aggregationTemporality }) => [
        descriptor.name,
        aggregationTemporality,
      ]);
      expect(kinds).toContainEqual(['counter', AggregationTemporality.DELTA]);
      expect(kinds).toContainEqual(['up-down', AggregationTemporality.CUMULATIVE]);
    }
  });

  it('has a new start time after an observed counter has restarted', async () => {
    // This needs a single reader. With two, the SDK forgets between them that the counter has restarted.
    const { reader, meter } = bounded();
    const level = { value: 0 };
    meter.createObservableCounter('c').addCallback((result) => result.observe(level.value));
    const starts: number[] = [];
    for (const value of [10, 25, 3, 4]) {
      level.value = value;
      const [point] = await reader.points('c');
      expect(point?.value).toBe(value);
      starts.push(millis(point?.startTime));
      await nextMillisecond();
    }
    const [first, second, third, last] = starts as [number, number, number, number];
    expect(second).toBe(first);
    expect(third).toBeGreaterThan(first);
    expect(last).toBe(third);
  });
});

function millis(time: HrTime | undefined): number {
  return time === undefined ? Number.NaN : time[0] * 1000 + time[1] / 1e6;
}
