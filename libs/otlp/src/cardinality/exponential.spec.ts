import { seededRandom } from '@nestlens/testing';
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { boundedReader } from './bounded-reader.js';
import { mergeExponential } from './exponential.js';
import { PullReader } from './fixtures/pull-reader.js';

const MAX_SIZE = 20;

/** The SDK's histogram of values that are recorded without a collection in between. */
async function histogramOf(values: readonly number[]): Promise<ExponentialHistogram> {
  const reader = new PullReader({
    aggregation: () => ({
      type: AggregationType.EXPONENTIAL_HISTOGRAM,
      options: { maxSize: MAX_SIZE },
    }),
  });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('spec');
  const instrument = meter.createUpDownCounter('h');
  for (const value of values) instrument.add(value);
  const [point] = await reader.points('h');
  return point?.value as ExponentialHistogram;
}

/** The counts of both signs by index at a coarser scale, without empty buckets. */
function atScale(
  { positive, negative, scale }: ExponentialHistogram,
  coarser: number,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [sign, { offset, bucketCounts }] of Object.entries({ positive, negative })) {
    for (const [index, count] of bucketCounts.entries()) {
      const key = `${sign} ${(offset + index) >> (scale - coarser)}`;
      if (count > 0) counts[key] = (counts[key] ?? 0) + count;
    }
  }
  return counts;
}

describe('mergeExponential', () => {
  it('has the same counts as one histogram of all values, and at most the maximum of buckets', async () => {
    const random = seededRandom(11);
    for (let round = 0; round < 150; round++) {
      const spread = 2 ** (random() * 12);
      const values = Array.from({ length: 2 + Math.floor(random() * 60) }, () => {
        const kind = random();
        if (kind < 0.1) return 0;
        return (kind < 0.3 && round % 2 === 0 ? -1 : 1) * spread ** (random() * 4 - 2);
      });
      const cut = Math.floor(random() * (values.length + 1));
      const parts = [values.slice(0, cut), values.slice(cut)].filter((part) => part.length > 0);
      const merged = (await Promise.all(parts.map(histogramOf))).reduce((one, other) =>
        mergeExponential(one, other, MAX_SIZE),
      );
      const whole = await histogramOf(values);

      expect(merged).toMatchObject({
        count: values.length,
        zeroCount: whole.zeroCount,
        min: whole.min,
        max: whole.max,
      });
      const coarser = Math.min(merged.scale, whole.scale);
      expect(atScale(merged, coarser)).toEqual(atScale(whole, coarser));
      for (const { bucketCounts } of [merged.positive, merged.negative]) {
        expect(bucketCounts.length).toBeLessThanOrEqual(MAX_SIZE);
      }
    }
  });

  it('keeps the scale when it merges zeros, although the SDK does not', async () => {
    const [zeros, values] = [await histogramOf([0, 0]), await histogramOf([5, 5.1])];
    for (const merged of [
      mergeExponential(zeros, values, MAX_SIZE),
      mergeExponential(values, zeros, MAX_SIZE),
    ]) {
      expect(merged).toMatchObject({
        scale: values.scale,
        positive: values.positive,
        count: 4,
        zeroCount: 2,
        min: 0,
        max: 5.1,
      });
    }
    expect(mergeExponential(zeros, zeros, MAX_SIZE)).toMatchObject({ count: 4, zeroCount: 4 });
  });

  it('keeps to the bucket limit of a view or reader over several collections, as the SDK does', async () => {
    const small = { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 4 } } as const;
    const views = [{ instrumentName: 'by.view', aggregation: small }];
    const [sdk, ours] = [
      new PullReader({ aggregation: () => small }),
      new PullReader({ aggregation: () => small }),
    ];
    const provider = new MeterProvider({ readers: [sdk, boundedReader(ours, { views })], views });
    const meter = provider.getMeter('spec');
    const instruments = ['by.view', 'by.reader'].map((name) => meter.createHistogram(name));
    for (const value of [1.5, 1.6, 40, 7000, 0.01]) {
      for (const instrument of instruments) instrument.record(value);
      for (const name of ['by.view', 'by.reader']) {
        const [theirs] = await sdk.points(name);
        expect((await ours.points(name))[0]?.value).toEqual(theirs?.value);
      }
    }
  });
});
