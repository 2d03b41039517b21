import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summedUp } from './fixtures/ledger-sum.js';
import { Collector } from './fixtures/collector.js';
import { PATIENT } from './fixtures/patient.js';
import { startSilentPeer } from './fixtures/peers.js';
import type { Peer } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { sourceWorker } from './fixtures/worker.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';

describe.each([
  ['inline', false],
  ['worker', sourceWorker],
] as const)('save() before a possible end of the process, %s', (_mode, worker) => {
  const pipelines: Pipeline[] = [];
  let directory: string;
  let peer: Peer;

  function createTo(endpoint: string): Pipeline {
    const options = {
      traces: { endpoint },
      worker,
      ...PATIENT,
      spool: { directory, onCrash: true },
    };
    const pipeline = createPipeline(options);
    pipelines.push(pipeline);
    return pipeline;
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestlens-save-'));
    peer = await startSilentPeer();
  });
  afterEach(async () => {
    await Promise.all(
      pipelines.splice(0).map((pipeline) => pipeline.shutdown(AbortSignal.timeout(300))),
    );
    await peer.stop();
    await rm(directory, { recursive: true });
  });

  it('spools the queued spans only once, and leaves batches in flight with the worker', async () => {
    const pipeline = createTo(peer.endpoint);
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(10);
    pipeline.start();
    void pipeline.flush();
    await until(() => pipeline.stats().ledger.traces.handed === 10);
    telemetry.spans(20, 10);
    expect(pipeline.save()).toBe(true);
    const { traces } = pipeline.stats().ledger;
    expect(traces).toMatchObject({ created: 30, spooled: 20, queued: 10, possibleDuplicates: 10 });
    expect(summedUp(traces)).toBe(30);
    // The memory of the saved spans is free again.
    expect(pipeline.stats().slabs.used).toBe(1);
  });

  it('spools everything before the start, and the next process sends it', async () => {
    const pipeline = createTo(peer.endpoint);
    createTelemetry(pipeline).spans(20);
    expect(pipeline.save()).toBe(true);
    expect(pipeline.save()).toBe(false);
    expect(pipeline.stats().ledger.traces).toMatchObject({ spooled: 20, queued: 0, handed: 20 });
    const collector = await new Collector().start();
    const next = createTo(collector.grpc);
    next.start();
    await collector.until(() => collector.spans().length >= 20);
    await next.shutdown();
    expect(new Set(collector.spans()).size).toBe(20);
    await collector.stop();
  });

  it('returns false and keeps the spans in memory if the disk refuses', async () => {
    await writeFile(join(directory, 'file'), '');
    const spool = { directory: join(directory, 'file') };
    const pipeline = createPipeline({ traces: { endpoint: peer.endpoint }, worker, spool });
    pipelines.push(pipeline);
    createTelemetry(pipeline).spans(20);
    expect(pipeline.save()).toBe(false);
    const { traces } = pipeline.stats().ledger;
    expect(traces).toMatchObject({ spooled: 0, queued: 20, possibleDuplicates: 0 });
  });

  it('is not called for an exception that the process survives', async () => {
    const pipeline = createTo(peer.endpoint);
    const telemetry = createTelemetry(pipeline);
    pipeline.start();
    telemetry.spans(20);
    (process as NodeJS.EventEmitter).emit('uncaughtExceptionMonitor', new Error('survived'));
    const { traces } = pipeline.stats().ledger;
    expect(traces).toMatchObject({ spooled: 0, queued: 20, possibleDuplicates: 0 });
    expect((await readdir(directory)).length).toBeLessThanOrEqual(1);
  });
});
