import { useLeakCheck } from '@nestlens/testing';
import type { Attributes, BatchObservableCallback, ObservableCallback } from '@opentelemetry/api';
import { MeterProvider, createAllowListAttributesProcessor } from '@opentelemetry/sdk-metrics';
import type { DataPoint, ViewOptions } from '@opentelemetry/sdk-metrics';
import { BoundedMeterProvider } from './bounded-meter.js';
import { boundedReader } from './bounded-reader.js';
import { PullReader, isOverflow, sumOf } from './fixtures/pull-reader.js';
import type { PullReaderOptions } from './fixtures/pull-reader.js';

useLeakCheck();

function bounded(limit: number, views: readonly ViewOptions[] = [], reading?: PullReaderOptions) {
  const reader = new PullReader({ ...reading, limit });
  const provider = new MeterProvider({
    readers: [boundedReader(reader, { views })],
    views: [...views],
  });
  const refused: string[] = [];
  const meters = new BoundedMeterProvider(provider, {
    limit,
    views,
    onRefused: (instrument, reason) => refused.push(`${instrument}: ${String(reason)}`),
  });
  return { reader, provider, refused, meter: meters.getMeter('spec') };
}

/** A callback that observes the values of `now`. */
function levels() {
  const now = new Map<string, number>();
  const callback: ObservableCallback = (result) => {
    for (const [id, value] of now) result.observe(value, { id });
  };
  function set(values: Record<string, number>): void {
    now.clear();
    for (const [id, value] of Object.entries(values)) now.set(id, value);
  }
  return { callback, set };
}

function shown(points: readonly DataPoint<unknown>[]): Record<string, unknown> {
  return Object.fromEntries(
    points.map((point) => [isOverflow(point) ? 'overflow' : point.attributes['id'], point.value]),
  );
}

describe('BoundedMeterProvider', () => {
  it('exports the whole sum of 3000 observed sets, of which the SDK loses a third', async () => {
    const observe: ObservableCallback = (result) => {
      for (let id = 0; id < 3000; id++) result.observe(10, { id });
    };
    const sdk = new PullReader();
    const provider = new MeterProvider({ readers: [sdk] });
    provider.getMeter('sdk').createObservableCounter('sdk').addCallback(observe);
    const { reader, meter } = bounded(2000);
    meter.createObservableCounter('ours').addCallback(observe);
    for (let cycle = 0; cycle < 3; cycle++) {
      const ours = await reader.points('ours');
      expect([ours.length, sumOf(ours)]).toEqual([2000, 30_000]);
      expect(sumOf(await sdk.points('sdk'))).toBe(20_000);
    }
  });

  it('keeps the first sets in any order, and never lets the overflow of a counter fall', async () => {
    const { reader, meter } = bounded(3);
    const { callback, set } = levels();
    meter.createObservableCounter('c').addCallback(callback);
    set({ a: 1, b: 2 });
    expect(shown(await reader.points('c'))).toEqual({ a: 1, b: 2 });
    set({ c: 10, d: 20, b: 3, a: 1 });
    expect(shown(await reader.points('c'))).toEqual({ a: 1, b: 3, overflow: 30 });
    set({ c: 15, a: 2 });
    const [, , overflow] = await reader.points('c');
    expect(overflow).toMatchObject({ value: 30 });
    set({ c: 16, e: 1, a: 3 });
    const later = await reader.points('c');
    expect(shown(later)).toEqual({ a: 3, b: 3, overflow: 32 });
    expect(later.find(isOverflow)?.startTime).toEqual(overflow?.startTime);
  });

  it('exports the current sum of an up-down counter as overflow, and 0 if nothing is left', async () => {
    const { reader, meter } = bounded(2);
    const { callback, set } = levels();
    meter.createObservableUpDownCounter('u').addCallback(callback);
    set({ a: 1, b: 2, c: -5 });
    expect(shown(await reader.points('u'))).toEqual({ a: 1, overflow: -3 });
    set({ a: 4, c: 7 });
    expect(shown(await reader.points('u'))).toEqual({ a: 4, overflow: 7 });
    set({ a: 5 });
    expect(shown(await reader.points('u'))).toEqual({ a: 5, overflow: 0 });
  });

  it('exports the last value of a gauge as overflow, and no overflow below the limit', async () => {
    const { reader, meter } = bounded(2);
    const { callback, set } = levels();
    meter.createObservableGauge('g').addCallback(callback);
    set({ a: 1 });
    expect(shown(await reader.points('g'))).toEqual({ a: 1 });
    set({ a: 2, b: 30, c: 20 });
    expect(shown(await reader.points('g'))).toEqual({ a: 2, overflow: 20 });
  });

  it('adds up the observations of several callbacks and instruments in each collection', async () => {
    const { reader, meter } = bounded(3);
    const counter = meter.createObservableCounter('c');
    const same = meter.createObservableCounter('c');
    const upDown = meter.createObservableUpDownCounter('u');
    const stray = meter.createObservableGauge('stray');
    counter.addCallback((result) => {
      for (const id of ['a', 'b', 'x']) result.observe(1, { id });
    });
    same.addCallback(async (result) => {
      await Promise.resolve();
      for (const id of ['a2', 'b2']) result.observe(10, { id });
    });
    meter.addBatchObservableCallback(
      async (result) => {
        for (const id of ['q', 'r', 's', 't']) {
          result.observe(counter, 100, { id });
          result.observe(upDown, -1, { id });
          result.observe(stray, 1, { id });
        }
        await Promise.resolve();
      },
      [counter, upDown],
    );
    for (let cycle = 0; cycle < 3; cycle++) {
      const points = await reader.points('c');
      expect([points.length, sumOf(points)]).toEqual([3, 423]);
      expect(shown(await reader.points('u'))).toEqual({ q: -1, r: -1, overflow: -2 });
      expect(await reader.points('stray')).toEqual([]);
    }
  });

  it.each([
    ['', []],
    [', with a view', [{ instrumentName: 'u', aggregationCardinalityLimit: 4 }]],
  ] as const)(
    'does not treat the first sets as overflow while a callback is still running%s',
    async (_, views) => {
      const { reader, meter } = bounded(3, views);
      const upDown = meter.createObservableUpDownCounter('u');
      upDown.addCallback(async (result) => {
        for (const id of ['a', 'b']) result.observe(10, { id });
        await Promise.resolve();
      });
      upDown.addCallback((result) => result.observe(1, { id: 'c' }));
      for (let cycle = 0; cycle < 2; cycle++) {
        expect(shown(await reader.points('u'))).toEqual({ a: 10, b: 10, overflow: 1 });
      }
    },
  );

  it('counts each observation once if two readers collect at the same time', async () => {
    const readers = [new PullReader({ limit: 2 }), new PullReader({ limit: 2 })] as const;
    const provider = new MeterProvider({ readers: readers.map((reader) => boundedReader(reader)) });
    const meter = new BoundedMeterProvider(provider, { limit: 2 }).getMeter('spec');
    const gates: PromiseWithResolvers<void>[] = [];
    let level = 0;
    meter.createObservableCounter('c').addCallback(async (result) => {
      const seen = ++level;
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      for (const id of ['a', 'b', 'c']) result.observe(seen * 10, { id });
    });
    for (let cycle = 0; cycle < 3; cycle++) {
      gates.length = 0;
      const [first, second] = readers.map((reader) => reader.points('c')) as [
        Promise<DataPoint<unknown>[]>,
        Promise<DataPoint<unknown>[]>,
      ];
      while (gates.length < 2) await Promise.resolve();
      gates[1]?.resolve();
      await second;
      gates[0]?.resolve();
      await first;
    }
    gates.length = 0;
    const last = readers[0].points('c');
    while (gates.length < 1) await Promise.resolve();
    gates[0]?.resolve();
    expect(shown(await last)).toEqual({ a: 70, overflow: 140 });
  });

  it('exports deltas that add up to the whole sum if the reader wants deltas', async () => {
    const { reader, meter } = bounded(3, [], { deltas: ['OBSERVABLE_COUNTER'] });
    const { callback, set } = levels();
    meter.createObservableCounter('c').addCallback(callback);
    let total = 0;
    for (const scale of [1, 2, 5]) {
      set({ a: scale, b: 10 * scale, c: 100 * scale, d: 1000 * scale });
      const points = await reader.points('c');
      expect(points).toHaveLength(3);
      total += sumOf(points);
      expect(total).toBe(1111 * scale);
    }
  });

  it('drops and reports an invalid observation, and keeps the others of the callback', async () => {
    const { reader, meter, refused } = bounded(4);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const throwing = {
      get id(): string {
        throw new Error('no reading');
      },
    };
    meter.createObservableCounter('c', { valueType: 0 }).addCallback((result) => {
      for (const value of [Number.NaN, Infinity, 'x', null, undefined]) {
        result.observe(value as number, { id: 'bad' });
      }
      for (const set of [circular, { id: 1n }, throwing]) result.observe(1, set as Attributes);
      for (const id of ['a', 'b', 'c', 'd', 'e']) result.observe(2.9, { id });
      result.observe(-5, { id: 'f' });
    });
    expect(shown(await reader.points('c'))).toEqual({ a: 2, b: 2, c: 2, overflow: 4 });
    expect(refused).toHaveLength(8);
    expect(refused).toContain('c: it is not a finite number');
    expect(refused).toContain('c: Error: no reading');
  });

  it('stops calling a removed callback, and drops its values', async () => {
    const { reader, meter } = bounded(1);
    const upDown = meter.createObservableUpDownCounter('u');
    const one: ObservableCallback = (result) => result.observe(1);
    const two: ObservableCallback = (result) => result.observe(2);
    const batch: BatchObservableCallback = (result) => result.observe(upDown, 4);
    upDown.addCallback(one);
    upDown.addCallback(one);
    upDown.addCallback(two);
    meter.addBatchObservableCallback(batch, [upDown]);
    meter.addBatchObservableCallback(batch, [upDown]);
    expect(shown(await reader.points('u'))).toEqual({ overflow: 7 });
    upDown.removeCallback(two);
    upDown.removeCallback(two);
    expect(shown(await reader.points('u'))).toEqual({ overflow: 5 });
    meter.removeBatchObservableCallback(batch, []);
    meter.removeBatchObservableCallback(batch, [upDown]);
    expect(shown(await reader.points('u'))).toEqual({ overflow: 1 });
  });

  it('does not bound recorded instruments, nor those with a view that drops attributes', async () => {
    const views: ViewOptions[] = [
      {
        instrumentName: 'shaped',
        attributesProcessors: [createAllowListAttributesProcessor(['id'])],
      },
      { instrumentName: 'larger', aggregationCardinalityLimit: 6 },
    ];
    const { reader, provider, meter } = bounded(2, views);
    expect(meter.createCounter('c').constructor).toBe(
      provider.getMeter('spec').createCounter('c').constructor,
    );
    const five: ObservableCallback = (result) => {
      for (let id = 0; id < 5; id++) result.observe(1, { id, more: true });
    };
    meter.createObservableGauge('shaped').addCallback(five);
    meter.createObservableGauge('larger').addCallback(five);
    expect(await reader.points('larger')).toHaveLength(5);
    expect((await reader.points('shaped'))[0]?.attributes).toEqual({ id: 0 });
  });

  it('is not needed to bound the points: the reader alone keeps to the limit', async () => {
    const { reader, provider } = bounded(10);
    provider
      .getMeter('spec')
      .createObservableCounter('c')
      .addCallback((result) => {
        for (let id = 0; id < 50; id++) result.observe(1, { id });
      });
    expect(await reader.points('c')).toHaveLength(10);
  });

  it('reports a callback that throws, and exports the other observations', async () => {
    const { reader, meter } = bounded(2);
    meter.createObservableGauge('broken').addCallback(() => {
      throw new Error('no reading');
    });
    meter.createObservableGauge('fine').addCallback((result) => result.observe(1));
    const { errors, resourceMetrics } = await reader.collect();
    expect(errors).toEqual([new Error('no reading')]);
    expect(resourceMetrics.scopeMetrics[0]?.metrics).toHaveLength(1);
  });
});
