import { seededRandom, useLeakCheck } from '@nestlens/testing';
import type { Attributes } from '@opentelemetry/api';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { DataPoint, ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';
import { boundedReader } from './bounded-reader.js';
import { PullReader, isOverflow } from './fixtures/pull-reader.js';

useLeakCheck();

const BOUNDARIES = [10, 20, 50];

/** All values of one instrument by set, without a limit, in the order of the first value of each set. */
class Recorded {
  readonly #values = new Map<string, number[]>();

  add(set: string, value: number): void {
    this.#values.set(set, [...(this.#values.get(set) ?? []), value]);
  }

  /** The expected points for `limit`: the first sets, and an overflow point with all other values. */
  points(limit: number): Map<string, readonly number[]> {
    const all = [...this.#values];
    const kept = new Map<string, readonly number[]>(all.slice(0, limit - 1));
    const others = all.slice(limit - 1).flatMap(([, values]) => values);
    return others.length > 0 ? kept.set('overflow', others) : kept;
  }
}

function setOf(point: DataPoint<unknown>): string {
  return isOverflow(point) ? 'overflow' : String(point.attributes['id']);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function histogramOf(values: readonly number[]): Histogram {
  const counts = [0, 0, 0, 0];
  for (const value of values) {
    const bucket = BOUNDARIES.findIndex((boundary) => value <= boundary);
    counts[bucket === -1 ? 3 : bucket]! += 1;
  }
  return {
    buckets: { boundaries: BOUNDARIES, counts },
    count: values.length,
    sum: sum(values),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** The expected histogram, by the definition: the base is 2 ** (2 ** -scale), and upper bounds are inclusive. */
function exponentialOf({ scale }: ExponentialHistogram, values: readonly number[]) {
  const indices = values.map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  const offset = Math.min(...indices);
  const bucketCounts = Array.from({ length: Math.max(...indices) - offset + 1 }, () => 0);
  for (const index of indices) bucketCounts[index - offset]! += 1;
  return {
    count: values.length,
    sum: sum(values),
    zeroCount: 0,
    min: Math.min(...values),
    max: Math.max(...values),
    scale,
    positive: { offset, bucketCounts },
    negative: { offset: 0, bucketCounts: [] },
  };
}

describe('boundedReader, compared with a record of all measurements', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'exports exact values for every kind of instrument, run %i',
    async (seed) => {
      const random = seededRandom(seed);
      function whole(below: number): number {
        return Math.floor(random() * below);
      }
      const limit = 2 + whole(40);
      const reader = new PullReader({ limit });
      const views = [
        {
          instrumentName: 'exponential',
          aggregationCardinalityLimit: limit,
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
        } as const,
      ];
      const meter = new MeterProvider({
        readers: [boundedReader(reader, { views })],
        views,
      }).getMeter('spec');
      const counter = meter.createCounter('counter');
      const upDown = meter.createUpDownCounter('up-down');
      const gauge = meter.createGauge('gauge');
      const histogram = meter.createHistogram('histogram', {
        advice: { explicitBucketBoundaries: BOUNDARIES },
      });
      const exponential = meter.createHistogram('exponential');
      const record: Record<string, (value: number, attributes: Attributes) => void> = {
        counter: (value, attributes) => counter.add(value, attributes),
        'up-down': (value, attributes) => upDown.add(value - 30, attributes),
        gauge: (value, attributes) => gauge.record(value, attributes),
        histogram: (value, attributes) => histogram.record(value, attributes),
        exponential: (value, attributes) => exponential.record(value + 1, attributes),
      };
      const shift: Record<string, number> = { 'up-down': -30, exponential: 1 };
      const expected: Record<string, (value: unknown, values: readonly number[]) => unknown> = {
        counter: (_, values) => sum(values),
        'up-down': (_, values) => sum(values),
        gauge: (_, values) => values.at(-1),
        histogram: (_, values) => histogramOf(values),
        exponential: (value, values) => exponentialOf(value as ExponentialHistogram, values),
      };
      const recorded = new Map(Object.keys(record).map((name) => [name, new Recorded()]));

      for (let cycle = 0; cycle < 12; cycle++) {
        for (const [name, one] of Object.entries(record)) {
          // The SDK keeps this many sets apart in one collection, so that it has no overflow of its own.
          for (let turn = 0; turn < limit - 1; turn++) {
            const set = String(random() < 0.5 ? whole(limit) : whole(10 * limit));
            const value = whole(100);
            one(value, { id: set });
            recorded.get(name)?.add(set, value + (shift[name] ?? 0));
          }
        }
        for (const [name, all] of recorded) {
          const points = await reader.points(name);
          expect(points.length).toBeLessThanOrEqual(limit);
          const wanted = all.points(limit);
          expect(points.map(setOf).toSorted()).toEqual([...wanted.keys()].toSorted());
          for (const point of points) {
            // The overflow of a gauge has the last value of any set, and the SDK does not show which set was last.
            if (name === 'gauge' && isOverflow(point)) continue;
            const values = wanted.get(setOf(point)) ?? [];
            expect([name, point.value]).toEqual([name, expected[name]?.(point.value, values)]);
          }
        }
      }
    },
  );

  it('exports exact totals if a collection has more sets than the SDK keeps apart', async () => {
    const random = seededRandom(99);
    const limit = 50;
    const reader = new PullReader({ limit });
    const meter = new MeterProvider({ readers: [boundedReader(reader)] }).getMeter('spec');
    const counter = meter.createCounter('counter');
    const histogram = meter.createHistogram('histogram', {
      advice: { explicitBucketBoundaries: BOUNDARIES },
    });
    const all: number[] = [];
    for (let cycle = 0; cycle < 20; cycle++) {
      for (let turn = 0; turn < 5 * limit; turn++) {
        const value = Math.floor(random() * 100);
        const id = Math.floor(random() * 10_000);
        counter.add(value, { id });
        histogram.record(value, { id });
        all.push(value);
      }
      const sums = await reader.points('counter');
      expect([sums.length, sum(sums.map(({ value }) => value as number))]).toEqual([
        limit,
        sum(all),
      ]);
      const histograms = (await reader.points('histogram')).map(({ value }) => value as Histogram);
      expect(histograms).toHaveLength(limit);
      const { buckets, ...total } = histogramOf(all);
      expect({
        count: sum(histograms.map(({ count }) => count)),
        sum: sum(histograms.map((one) => one.sum ?? Number.NaN)),
        min: Math.min(...histograms.map(({ min }) => min ?? Number.NaN)),
        max: Math.max(...histograms.map(({ max }) => max ?? Number.NaN)),
      }).toEqual(total);
      const counts = buckets.counts.map((_, bucket) =>
        sum(histograms.map((one) => one.buckets.counts[bucket] ?? Number.NaN)),
      );
      expect(counts).toEqual(buckets.counts);
    }
  });
});
