import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom, useLeakCheck } from '@nestlens/testing';
import type { Attributes } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { BoundedMeterProvider } from './bounded-meter.js';
import { boundedReader } from './bounded-reader.js';
import { PullReader, sumOf } from './fixtures/pull-reader.js';

useLeakCheck();

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MIB = 1_024 * 1_024;
/** CI records a million sets. A quarter of them shows the same growth. */
const MANY = process.env['CI'] === 'true' ? 1_000_000 : 250_000;
/** More sets would take longer and show nothing new. */
const FEWER = 200_000;
const CYCLES = 20;

/** Collects garbage until no more than 128 KiB are freed, and returns the bytes of the heap. */
async function heapBytes(): Promise<number> {
  let last = Number.POSITIVE_INFINITY;
  for (;;) {
    collectGarbage();
    await setImmediate();
    const { heapUsed } = process.memoryUsage();
    if (heapUsed > last - MIB / 8) return heapUsed;
    last = heapUsed;
  }
}

describe('an endless number of random attribute sets', () => {
  /** The growth of the heap in MiB, before or after the last collection, whichever is larger. */
  async function show(
    reader: PullReader,
    name: string,
    sets: number,
    record: (attributes: Attributes) => void,
  ): Promise<{ grown: number }> {
    const random = seededRandom(26);
    record({ id: 'the first' });
    await reader.collect();
    const before = await heapBytes();
    let grown = 0;
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      for (let set = 0; set < sets / CYCLES; set++) record({ id: `user-${random()}` });
      if (cycle === CYCLES) grown = (await heapBytes()) - before;
      expect((await reader.points(name)).length).toBeLessThanOrEqual(2000);
    }
    return { grown: Math.max(grown, (await heapBytes()) - before) / MIB };
  }

  it('gives 2000 points of a counter and an exact sum, within 10 MiB', async () => {
    const reader = new PullReader();
    const meter = new MeterProvider({ readers: [boundedReader(reader)] }).getMeter('spec');
    const counter = meter.createCounter('c');
    const { grown } = await show(reader, 'c', MANY, (attributes) => counter.add(1, attributes));
    const points = await reader.points('c');
    expect(points).toHaveLength(2000);
    expect(sumOf(points)).toBe(MANY + 1);
    expect(grown).toBeLessThan(10);
  });

  it('gives 2000 points of a histogram and exact counts, within 10 MiB', async () => {
    const reader = new PullReader();
    const meter = new MeterProvider({ readers: [boundedReader(reader)] }).getMeter('spec');
    const histogram = meter.createHistogram('h');
    let value = 0;
    const { grown } = await show(reader, 'h', FEWER, (attributes) => {
      histogram.record(value++ % 100, attributes);
    });
    const points = await reader.points('h');
    expect(points).toHaveLength(2000);
    const all = points.map((point) => point.value as Histogram);
    function total(part: (one: Histogram) => number): number {
      return all.reduce((sum, one) => sum + part(one), 0);
    }
    expect(total(({ count }) => count)).toBe(FEWER + 1);
    expect(total(({ sum = 0 }) => sum)).toBe((FEWER * 99) / 2);
    expect(total(({ buckets }) => buckets.counts.reduce((a, b) => a + b))).toBe(FEWER + 1);
    expect(grown).toBeLessThan(10);
  });

  it('gives 2000 points of an observed counter and an exact sum, within 10 MiB', async () => {
    const reader = new PullReader();
    const provider = new MeterProvider({ readers: [boundedReader(reader)] });
    const random = seededRandom(16);
    let serial = 0;
    let sets: Attributes[] = [{ id: 'the first' }];
    const meter = new BoundedMeterProvider(provider, { limit: 2000 }).getMeter('spec');
    meter.createObservableUpDownCounter('o').addCallback((result) => {
      for (const set of sets) result.observe(1, set);
    });
    await reader.collect();
    const before = await heapBytes();
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      sets = Array.from({ length: FEWER / CYCLES }, () => ({ id: `user-${random()}-${serial++}` }));
      expect((await reader.points('o')).length).toBeLessThanOrEqual(2000);
    }
    // The first 1999 sets keep their last values, as in the SDK. All other sets are those of the last collection.
    expect(sumOf(await reader.points('o'))).toBe(1999 + FEWER / CYCLES);
    sets = [];
    expect(((await heapBytes()) - before) / MIB).toBeLessThan(10);
  });
});
