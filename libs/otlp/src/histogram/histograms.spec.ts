import { jest } from '@jest/globals';
import { seededRandom, useLeakCheck } from '@nestlens/testing';
import type { Attributes, Histogram, Meter, MetricOptions } from '@opentelemetry/api';
import { ValueType } from '@opentelemetry/api';
import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import { BoundedMeterProvider } from '../cardinality/bounded-meter.js';
import { boundedReader } from '../cardinality/bounded-reader.js';
import { PullReader } from '../cardinality/fixtures/pull-reader.js';
import type { PullReaderOptions } from '../cardinality/fixtures/pull-reader.js';
import { Histograms } from './histograms.js';
import { seriesOf } from './series.js';

useLeakCheck();

const ADVICE: MetricOptions = { unit: 's', advice: { explicitBucketBoundaries: [0.5, 0.1, 1, 5] } };

interface Side {
  readonly meter: Meter;
  readonly readers: readonly PullReader[];
}

interface Setup {
  readonly readers: readonly (PullReaderOptions & { readonly isBounded?: boolean })[];
  readonly views?: readonly ViewOptions[];
}

/** Makes two equal setups: one with the SDK's histograms, and one with ours. */
function bothSides({ readers: wanted, views = [] }: Setup): { sdk: Side; ours: Side } {
  function side(histograms: Histograms | undefined): Side {
    const readers = wanted.map((options) => new PullReader(options));
    const registered = readers.map((reader, at): IMetricReader => {
      const bounded = wanted[at]?.isBounded ? boundedReader(reader, { views }) : reader;
      return histograms?.beside(bounded) ?? bounded;
    });
    const provider = new MeterProvider({ readers: registered, views: [...views] });
    const meter = new BoundedMeterProvider(provider, {
      limit: 2000,
      views,
      ...(histograms && { histograms }),
    }).getMeter('spec', '1');
    return { meter, readers };
  }
  return { sdk: side(undefined), ours: side(new Histograms(views)) };
}

/** Collects from one reader, and returns the values and the bytes of OTLP. */
async function collected({ readers }: Side, at: number): Promise<unknown> {
  const result = await readers[at]?.collect();
  const bytes = result && ProtobufMetricsSerializer.serializeRequest(result.resourceMetrics);
  const { scopeMetrics } = result?.resourceMetrics ?? {};
  return { scopeMetrics, errors: result?.errors, bytes: Buffer.from(bytes ?? []).toString('hex') };
}

const ALL_DELTAS = ['HISTOGRAM', 'COUNTER'] as const;

describe('histograms beside the SDK', () => {
  let now = 1_700_000_000_123;

  beforeEach(() => {
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it.each<[string, Setup]>([
    ['a cumulative reader', { readers: [{}] }],
    ['a reader of deltas', { readers: [{ deltas: ALL_DELTAS }] }],
    ['a bounded reader', { readers: [{ isBounded: true }] }],
    ['a bounded reader of deltas', { readers: [{ isBounded: true, deltas: ALL_DELTAS }] }],
    ['small limits', { readers: [{ limit: 7 }, { limit: 5, deltas: ALL_DELTAS }] }],
    ['small limits, bounded', { readers: [{ limit: 7, isBounded: true }] }],
    ['several readers', { readers: [{}, { deltas: ALL_DELTAS }, { isBounded: true }] }],
    [
      'a view of the instrument',
      {
        readers: [{}],
        views: [{ instrumentName: 'd*', aggregation: { type: AggregationType.SUM } }],
      },
    ],
    ['a view of another', { readers: [{}], views: [{ instrumentName: 'c', name: 'renamed' }] }],
    [
      'a reader that wants exponential histograms',
      {
        readers: [
          {},
          { aggregation: () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }) as const },
        ],
      },
    ],
  ])('give the bytes of the SDK to %s', async (_name, setup) => {
    const { sdk, ours } = bothSides(setup);
    const random = seededRandom(5);
    const instruments = [sdk, ours].map(({ meter }) => ({
      counter: meter.createCounter('c'),
      duration: meter.createHistogram('d', ADVICE),
    }));
    const sets = Array.from({ length: 12 }, (_, n): Attributes => ({ n, list: ['a', `${n}`] }));
    const [theirs, own] = instruments.map(({ duration }) => duration) as [Histogram, Histogram];
    const held = sets.map((attributes) => seriesOf(own, attributes));
    for (let cycle = 0; cycle < 6; cycle++) {
      const some = Math.ceil(random() * sets.length);
      for (let turn = 0; turn < 40; turn++) {
        now += Math.floor(random() * 3);
        const at = Math.floor(random() * some);
        const value = random() < 0.05 ? Infinity : random() * 7;
        theirs.record(value, sets[at]);
        // Our side records through a series or through a set, and the set later has its keys in another order.
        if (random() < 0.5) held[at]?.record(value);
        else own.record(value, sets[at]);
        const turned = { list: sets[at]?.['list'], n: at };
        theirs.record(1, turned);
        own.record(1, turned);
        for (const { counter } of instruments) counter.add(1, { at });
      }
      now += 1000;
      for (let at = 0; at < setup.readers.length; at++) {
        // The second reader misses some collections.
        if (at === 1 && cycle % 2 === 0) continue;
        expect(await collected(ours, at)).toEqual(await collected(sdk, at));
      }
    }
  });

  it('refuse and accept the same values and options as the SDK', async () => {
    const { sdk, ours } = bothSides({ readers: [{}] });
    for (const { meter } of [sdk, ours]) {
      const plain = meter.createHistogram('plain', { description: 'short' });
      for (const value of [-1, 'x', Number.NaN, 0, -0, 7, 10_000, 1e9]) {
        plain.record(value as number);
      }
      // This is the first instrument again, with a longer description.
      meter.createHistogram('plain', { description: 'longer' }).record(3, { a: true });
      meter.createHistogram('whole', { valueType: ValueType.INT }).record(1.5);
      meter
        .createHistogram('odd', { advice: { explicitBucketBoundaries: [Infinity, 2, -Infinity] } })
        .record(2);
      seriesOf(meter.createHistogram('single', { advice: { explicitBucketBoundaries: [] } }), {
        a: 1,
      }).record(-1);
    }
    const { scopeMetrics } = (await collected(ours, 0)) as {
      scopeMetrics: { metrics: unknown[] }[];
    };
    const wanted = (await collected(sdk, 0)) as typeof scopeMetrics extends infer T
      ? { scopeMetrics: T }
      : never;
    // Those of the SDK stand first.
    expect(new Set(scopeMetrics[0]?.metrics)).toEqual(new Set(wanted.scopeMetrics[0]?.metrics));
  });

  it('throw the error of a getter in the attributes, and record nothing then', async () => {
    const { ours } = bothSides({ readers: [{}] });
    const histogram = ours.meter.createHistogram('d', ADVICE);
    const series = seriesOf(histogram, { a: 1 });
    const thrower = {
      get a(): never {
        throw new Error('no');
      },
    };
    expect(() => histogram.record(1, thrower)).toThrow('no');
    series.record(1);
    expect(await ours.readers[0]?.points('d')).toMatchObject([{ attributes: { a: 1 } }]);
  });

  it('export values that later measurements do not change', async () => {
    const { ours } = bothSides({ readers: [{}] });
    const series = seriesOf(ours.meter.createHistogram('d', ADVICE), { a: 1 });
    series.record(1);
    const first = await ours.readers[0]?.points('d');
    const before = JSON.stringify(first);
    series.record(2);
    await ours.readers[0]?.collect();
    series.record(3);
    expect(JSON.stringify(first)).toBe(before);
  });

  it('do not keep the sets of earlier collections in memory', async () => {
    const { ours } = bothSides({ readers: [{ limit: 3, deltas: ALL_DELTAS }] });
    const histogram = ours.meter.createHistogram('d', ADVICE);
    for (let n = 0; n < 50; n += 2) {
      histogram.record(1, { n });
      histogram.record(1, { n: n + 1 });
      const points = await ours.readers[0]?.points('d');
      expect(points?.map(({ attributes }) => attributes)).toEqual([{ n }, { n: n + 1 }]);
    }
  });

  it('have a series for a foreign histogram, which records with the attributes', () => {
    const records: unknown[] = [];
    const foreign: Histogram = { record: (...args) => void records.push(args) };
    seriesOf(foreign, { a: 1 }).record(2);
    expect(records).toEqual([[2, { a: 1 }, undefined]]);
  });
});
