import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportReply } from '../receiver/receiver-options.js';
import type { ExportRequest } from '../wire/model.js';
import { Collector } from './fixtures/collector.js';
import { NumberedMetrics, numberIn, refusingDisorder } from './fixtures/ordered-metrics.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { sourceWorker } from './fixtures/worker.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOptions, SpoolSettings } from './pipeline-options.js';

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
function forEver(): AbortSignal {
  return new AbortController().signal;
}

describe('metrics for a collector that refuses out-of-order samples', () => {
  let directory: string;
  let collector: Collector;
  let reply: (request: ExportRequest) => ExportReply | Promise<ExportReply>;
  const pipelines: Pipeline[] = [];

  function create(options: Partial<PipelineOptions> = {}): Pipeline {
    const endpoint = collector.grpc;
    const pipeline = createPipeline({
      traces: { endpoint },
      metrics: { endpoint },
      worker: false,
      ...options,
    });
    pipelines.push(pipeline);
    pipeline.start();
    return pipeline;
  }
  function spooled(settings: Partial<SpoolSettings> = {}): Pipeline {
    return create({ spool: { directory, ...settings } });
  }
  function arrived(): (number | undefined)[] {
    return collector.requests.map(numberIn).filter((number) => number !== undefined);
  }
  function kept(pipeline: Pipeline): number {
    return pipeline.stats().ledger.metrics.spooled;
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestlens-order-'));
    reply = refusingDisorder();
    collector = await new Collector((request) => reply(request)).start();
  });
  afterEach(async () => {
    await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
    await collector.stop();
    await rm(directory, { recursive: true });
  });

  it('arrive in order after an outage, from memory', async () => {
    const pipeline = create();
    const metrics = new NumberedMetrics(pipeline);
    await metrics.collect(2);
    await pipeline.flush(forEver());
    await collector.stop();
    await metrics.collect(5);
    await until(() => pipeline.stats().exporters[0]?.retrying === 1);
    await collector.start();
    await metrics.collect(3);
    await pipeline.flush(forEver());
    expect(arrived()).toEqual(range(10));
    expect(pipeline.stats().ledger.metrics).toMatchObject({ accepted: 10, rejected: 0 });
  });

  it.each(['overflow', 'always'] as const)(
    'arrive in order from the disk, before new ones (%s)',
    async (durable) => {
      const pipeline = spooled({ durable });
      const metrics = new NumberedMetrics(pipeline);
      const telemetry = createTelemetry(pipeline);
      await metrics.collect(2);
      await pipeline.flush(forEver());
      await collector.stop();
      await metrics.collect(3);
      // Each batch fails once, until the breaker opens.
      for (let batch = 0; batch < 6; batch += 1) {
        telemetry.spans(1, batch);
        void pipeline.flush();
      }
      await until(() => kept(pipeline) === 3);
      await metrics.collect(3);
      await until(() => kept(pipeline) === 6);
      await collector.start();
      for (let made = 0; made < 4; made += 1) {
        await collector.until(() => arrived().length > 2 + made);
        await metrics.collect();
      }
      await until(() => pipeline.stats().ledger.metrics.accepted === 12);
      expect(arrived()).toEqual(range(12));
    },
  );

  it.each([
    ['inline', false],
    ['worker', sourceWorker],
  ] as const)(
    'of the next process arrive after those that it found on disk (%s)',
    async (_mode, worker) => {
      const count = { value: 0 };
      await collector.stop();
      const first = spooled();
      await new NumberedMetrics(first, count).collect(4);
      await first.shutdown(forEver());
      expect(kept(first)).toBe(4);
      await collector.start();
      const second = create({ worker, spool: { directory } });
      await new NumberedMetrics(second, count).collect(3);
      await second.shutdown(forEver());
      expect(arrived()).toEqual(range(7));
      expect(second.stats().ledger.metrics).toMatchObject({ restored: 4, accepted: 7, spooled: 0 });
    },
  );

  it('that remain at a shutdown are stored behind those on disk', async () => {
    const count = { value: 0 };
    await collector.stop();
    const first = spooled();
    await new NumberedMetrics(first, count).collect(3);
    await first.shutdown(forEver());
    const second = spooled();
    await new NumberedMetrics(second, count).collect(3);
    await second.shutdown(forEver());
    await collector.start();
    const third = spooled();
    await until(() => third.stats().ledger.metrics.accepted === 6);
    expect(arrived()).toEqual(range(6));
  });

  it('are sent one at a time, also for several readers, while spans are not', async () => {
    const waiting: (() => void)[] = [];
    const inFlight = { traces: 0, metrics: 0, logs: 0 };
    const most = { ...inFlight };
    reply = async ({ signal }) => {
      inFlight[signal] += 1;
      most[signal] = Math.max(most[signal], inFlight[signal]);
      await new Promise<void>((resolve) => waiting.push(resolve));
      inFlight[signal] -= 1;
      return { kind: 'accepted' };
    };
    const pipeline = create({ concurrency: { min: 4, max: 4 } });
    const streams = [new NumberedMetrics(pipeline), new NumberedMetrics(pipeline)];
    const telemetry = createTelemetry(pipeline);
    for (const metrics of streams) await metrics.collect(3);
    for (let batch = 0; batch < 3; batch += 1) {
      telemetry.spans(1, batch);
      void pipeline.flush(forEver());
      await until(() => inFlight.traces === batch + 1);
    }
    const flushed = pipeline.flush(forEver());
    function release(): void {
      for (const answer of waiting.splice(0)) answer();
    }
    const timer = setInterval(release, 1);
    await flushed;
    clearInterval(timer);
    expect(most.metrics).toBe(1);
    expect(most.traces).toBeGreaterThan(1);
  });
});
