import { Module } from 'node:module';
import { DataPointType } from '@opentelemetry/sdk-metrics';
import { recordTelemetry } from '@nestlens/testing';
import type { RecordedTelemetry } from '@nestlens/testing';
import { RuntimeMetrics } from './runtime-metrics.js';

describe('RuntimeMetrics', () => {
  let recorded: RecordedTelemetry;
  let runtime: RuntimeMetrics;
  beforeEach(() => {
    recorded = recordTelemetry({ temporality: 'cumulative' });
    runtime = new RuntimeMetrics();
  });
  afterEach(async () => {
    runtime.stop();
    await recorded.restore();
  });

  const points = async () => {
    const found = await recorded.collectMetrics();
    return Object.fromEntries(
      found.map(({ descriptor, dataPointType, dataPoints }) => [
        descriptor.name,
        { unit: descriptor.unit, kind: dataPointType, points: dataPoints },
      ]),
    );
  };
  const valueOf = (found: Awaited<ReturnType<typeof points>>, name: string): number =>
    found[name]?.points[0]?.value as number;

  it('observes event loop, heap and resources by the conventions', async () => {
    runtime.start();
    let found = await points();
    while (found['nodejs.eventloop.delay.min'] === undefined) {
      await new Promise(setImmediate);
      found = await points();
    }
    const delays = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];
    for (const name of delays.map((delay) => `nodejs.eventloop.delay.${delay}`)) {
      expect(found[name]).toMatchObject({ unit: 's', kind: DataPointType.GAUGE });
      expect(valueOf(found, name)).toBeGreaterThanOrEqual(0);
      // The unit is seconds. Even a busy machine stays below this, while nanoseconds of an idle loop would be above.
      expect(valueOf(found, name)).toBeLessThan(10_000);
    }
    expect(valueOf(found, 'nodejs.eventloop.utilization')).toBeLessThanOrEqual(1);
    expect(found['nodejs.eventloop.time']?.points.map(({ attributes }) => attributes)).toEqual([
      { 'nodejs.eventloop.state': 'active' },
      { 'nodejs.eventloop.state': 'idle' },
    ]);
    for (const name of ['used', 'space.size', 'space.available_size', 'space.physical_size']) {
      const metric = found[`v8js.memory.heap.${name}`];
      expect(metric).toMatchObject({ unit: 'By', kind: DataPointType.SUM });
      const spaces = metric?.points.map(({ attributes }) => attributes['v8js.heap.space.name']);
      expect(spaces).toEqual(expect.arrayContaining(['new_space', 'old_space', 'code_space']));
    }
    expect(found['v8js.resource.active']?.unit).toBe('{resource}');
  });

  it('counts a resource no more after it is closed', async () => {
    runtime.start();
    const timer = setTimeout(() => {}, 60_000);
    const timeouts = async (): Promise<unknown> =>
      (await points())['v8js.resource.active']?.points.find(
        ({ attributes }) => attributes['v8js.resource.type'] === 'Timeout',
      )?.value;
    const before = await timeouts();
    clearTimeout(timer);
    expect(await timeouts()).toBe((before as number) - 1);
  });

  it('can stop and start again, and patches nothing', async () => {
    const seams = (): unknown[] => [
      Reflect.get(Module.prototype, 'require'),
      Reflect.get(process, 'getBuiltinModule'),
    ];
    const before = seams();
    runtime.stop();
    runtime.start();
    runtime.start();
    expect(Object.keys(await points()).length).toBeGreaterThan(6);
    runtime.stop();
    runtime.stop();
    expect(seams()).toEqual(before);
    await recorded.restore();
    recorded = recordTelemetry();
    expect(await points()).toEqual({});
    runtime.start();
    expect(Object.keys(await points()).length).toBeGreaterThan(6);
  });
});
