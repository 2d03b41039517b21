import { Worker } from 'node:worker_threads';
import { ManualClock } from '../send/fixtures/manual-clock.js';
import { createPipeline } from './create-pipeline.js';
import { Collector } from './fixtures/collector.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { sourceWorker } from './fixtures/worker.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOptions } from './pipeline-options.js';
import { LateStart } from './late-start.js';

describe('LateStart', () => {
  let clock: ManualClock;
  let begun: number;
  let late: LateStart;
  beforeEach(() => {
    clock = new ManualClock();
    begun = 0;
    late = new LateStart({ begin: () => void (begun += 1), afterMs: 500, clock });
  });

  it('starts nothing while there is nothing to send', async () => {
    late.wait();
    await clock.advance(60_000);
    expect([begun, late.isWaiting, clock.pending]).toEqual([0, true, 0]);
  });

  it('starts once, half a second after the first item', async () => {
    late.wait();
    late.made(1);
    await clock.advance(300);
    late.made(1);
    await clock.advance(199);
    expect([begun, late.isWaiting]).toEqual([0, true]);
    await clock.advance(1);
    expect([begun, late.isWaiting]).toEqual([1, false]);
    late.made(1000);
    late.now();
    await clock.advance(60_000);
    expect(begun).toBe(1);
  });

  it('starts at once for many items', () => {
    late.wait();
    late.made(511);
    expect(begun).toBe(0);
    late.made(1);
    expect([begun, clock.pending]).toEqual([1, 0]);
  });

  it('counts items that were made before it waits', async () => {
    late.made(1);
    await clock.advance(60_000);
    expect(begun).toBe(0);
    late.wait();
    await clock.advance(500);
    expect(begun).toBe(1);
  });

  it('starts at once on request, and not before it waits', () => {
    late.now();
    expect(begun).toBe(0);
    late.wait();
    late.now();
    expect(begun).toBe(1);
  });

  it('starts nothing after it was stopped', async () => {
    late.wait();
    late.made(1);
    late.stop();
    late.stop();
    late.now();
    late.made(1000);
    await clock.advance(60_000);
    expect([begun, late.isWaiting, clock.pending]).toEqual([0, false, 0]);
  });
});

describe('a pipeline', () => {
  let collector: Collector;
  let started: number;
  beforeEach(async () => {
    collector = await new Collector().start();
    started = 0;
  });
  afterEach(() => collector.stop());

  function create(options: Partial<PipelineOptions> = {}): Pipeline {
    const { entry, execArgv } = sourceWorker;
    return createPipeline({ traces: { endpoint: collector.grpc }, ...options }, (given) => {
      started += 1;
      return new Worker(entry, { ...given, execArgv: [...execArgv] });
    });
  }

  it('starts no thread if it ends with nothing to send', async () => {
    const pipeline = create();
    pipeline.start();
    expect(pipeline.stats().runner).toBe('worker');
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(await pipeline.shutdown()).toMatchObject({ kind: 'done' });
    expect(pipeline.stats().runner).toBe('none');
    expect(started).toBe(0);
  });

  it('starts its thread for a flush and for a shutdown that have something to send', async () => {
    for (const end of ['flush', 'shutdown'] as const) {
      const pipeline = create();
      pipeline.start();
      createTelemetry(pipeline).spans(3);
      await pipeline[end]();
      expect(pipeline.stats().ledger.traces).toMatchObject({ accepted: 3, queued: 0 });
      await pipeline.shutdown();
    }
    expect(started).toBe(2);
    expect(collector.spans()).toHaveLength(6);
  });

  it('starts its thread at once if files of TLS are to be looked at', async () => {
    const caFile = new URL('../pool/fixtures/ca.pem', import.meta.url).pathname;
    const pipeline = create({
      traces: { endpoint: collector.grpc.replace('http:', 'https:'), tls: { caFile } },
    });
    pipeline.start();
    expect(started).toBe(1);
    await pipeline.shutdown(AbortSignal.abort());
  });
});
