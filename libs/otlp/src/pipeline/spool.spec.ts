import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { summedUp } from './fixtures/ledger-sum.js';
import { Collector } from './fixtures/collector.js';
import { PATIENT } from './fixtures/patient.js';
import { deadEndpoint, startSilentPeer } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { sourceWorker } from './fixtures/worker.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { SpoolSettings } from './pipeline-options.js';
import type { Signal } from '../wire/model.js';

const run = promisify(execFile);
const modes = [
  ['inline', false],
  ['worker', sourceWorker],
] as const;

describe.each(modes)('a pipeline with a spool, %s', (mode, worker) => {
  let directory: string;
  let collector: Collector;
  const pipelines: Pipeline[] = [];

  function createTo(endpoint: string, settings: Partial<SpoolSettings> = {}): Pipeline {
    const pipeline = createPipeline({
      traces: { endpoint },
      metrics: { endpoint },
      worker,
      ...PATIENT,
      spool: { directory, ...settings },
    });
    pipelines.push(pipeline);
    pipeline.start();
    return pipeline;
  }

  /** Flushes until the breaker is open. Each flush makes one more attempt, which would otherwise wait for its pause. */
  async function untilOpen(pipeline: Pipeline, signal: Signal): Promise<void> {
    function breaker(): unknown {
      return pipeline.stats().exporters.find(({ signals }) => signals.includes(signal))?.breaker
        .kind;
    }
    while (breaker() !== 'open') {
      await pipeline.flush();
      await new Promise(setImmediate);
    }
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestlens-spool-'));
    collector = await new Collector().start();
  });
  afterEach(async () => {
    await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
    await collector.stop();
    await rm(directory, { recursive: true });
  });

  it('stores unsent spans at the shutdown, and the next process sends them', async () => {
    const first = createTo(await deadEndpoint());
    createTelemetry(first).spans(3000);
    const { ledger } = await first.shutdown();
    expect(ledger.traces).toMatchObject({ created: 3000, spooled: 3000, queued: 0, dropped: {} });

    const second = createTo(collector.grpc);
    await collector.until(() => collector.spans().length >= 3000);
    expect(new Set(collector.spans()).size).toBe(3000);
    await until(() => second.stats().ledger.traces.accepted >= 3000);
    const report = await second.shutdown();
    expect(report.ledger.traces).toMatchObject({ restored: 3000, accepted: 3000, spooled: 0 });
  });

  it('stores spans that already wait for a collector that is down', async () => {
    const pipeline = createTo(await deadEndpoint());
    createTelemetry(pipeline).spans(100);
    await untilOpen(pipeline, 'traces');
    // The ledger counts the spans first, then their slabs are freed.
    await until(() => pipeline.stats().ledger.traces.spooled === 100);
    await until(() => pipeline.stats().slabs.used === 0);
    expect(pipeline.stats().ledger.traces).toMatchObject({ queued: 0, possibleDuplicates: 0 });
  });

  it('keeps spans in memory that do not fit on the disk, until the collector is back', async () => {
    await collector.stop();
    const pipeline = createTo(collector.grpc, { maxBytes: 64 * 1024 });
    // These spans make one request that is larger than the spool may be.
    createTelemetry(pipeline).spans(1000);
    await untilOpen(pipeline, 'traces');
    expect(pipeline.stats().ledger.traces).toMatchObject({ queued: 1000, spooled: 0, dropped: {} });
    await collector.start();
    await collector.until(() => new Set(collector.spans()).size >= 1000);
    await until(() => pipeline.stats().ledger.traces.accepted === 1000);
  });

  it('writes everything to disk first with `durable: always`', async () => {
    const pipeline = createTo(collector.grpc, { durable: 'always' });
    createTelemetry(pipeline).spans(100);
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    await collector.until(() => collector.spans().length >= 100);
    const { ledger } = await pipeline.shutdown();
    expect(ledger.traces).toMatchObject({ created: 100, queued: 0, dropped: {} });
    expect(summedUp(ledger.traces)).toBe(100);
  });

  it('sends spans at a flush that it wrote to disk first', async () => {
    const pipeline = createTo(collector.grpc, { durable: 'always' });
    const telemetry = createTelemetry(pipeline);
    for (const first of [0, 1000, 2000]) {
      telemetry.spans(1000, first);
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(collector.spans()).toHaveLength(first + 1000);
    }
    expect(pipeline.stats().ledger.traces).toMatchObject({ accepted: 3000, spooled: 0, queued: 0 });
  });

  it('sends spans at the shutdown that it wrote to disk first, each once', async () => {
    const pipeline = createTo(collector.grpc, { durable: 'always' });
    createTelemetry(pipeline).spans(3000);
    const { kind, ledger } = await pipeline.shutdown();
    expect(kind).toBe('done');
    expect(ledger.traces).toMatchObject({ created: 3000, accepted: 3000, spooled: 0, queued: 0 });
    expect(ledger.traces).toMatchObject({ dropped: {}, possibleDuplicates: 0 });
    expect(collector.spans()).toHaveLength(3000);
    expect(new Set(collector.spans()).size).toBe(3000);
  });

  it('leaves unanswered spans on disk at the deadline of a shutdown, as possible duplicates', async () => {
    const peer = await startSilentPeer();
    try {
      const first = createTo(peer.endpoint, { durable: 'always' });
      createTelemetry(first).spans(3000);
      const gaveUp = new AbortController();
      const ended = first.shutdown(gaveUp.signal);
      await peer.asked;
      gaveUp.abort();
      const { kind, ledger } = await ended;
      expect(kind).toBe('deadline');
      expect(ledger.traces).toMatchObject({ created: 3000, spooled: 3000, queued: 0, dropped: {} });
      expect(ledger.traces.possibleDuplicates).toBeGreaterThan(0);
    } finally {
      await peer.stop();
    }
    const second = createTo(collector.grpc, { durable: 'always' });
    await until(() => second.stats().ledger.traces.restored === 3000);
    await second.flush();
    expect(new Set(collector.spans()).size).toBe(3000);
  });

  it('shuts down without a deadline if everything is on disk and nobody is there', async () => {
    const pipeline = createTo(await deadEndpoint(), { durable: 'always' });
    createTelemetry(pipeline).spans(3000);
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    const { kind, ledger } = await pipeline.shutdown();
    expect(kind).toBe('done');
    expect(ledger.traces).toMatchObject({ created: 3000, spooled: 3000, queued: 0, dropped: {} });
  });

  it('sends to a healthy collector while another one is down', async () => {
    const pipeline = createPipeline({
      traces: { endpoint: collector.grpc },
      logs: { endpoint: await deadEndpoint() },
      worker,
      ...PATIENT,
      sealAfterMs: 5,
      spool: { directory, durable: 'always' },
    });
    pipelines.push(pipeline);
    pipeline.start();
    const telemetry = createTelemetry(pipeline);
    telemetry.logger.emit({ body: 'first' });
    await untilOpen(pipeline, 'logs');
    for (let round = 0; round < 20; round += 1) {
      telemetry.logger.emit({ body: `log ${round}` });
      telemetry.spans(10, round * 10);
      await pipeline.flush();
      expect(collector.spans()).toHaveLength(round * 10 + 10);
    }
    const { traces, logs } = pipeline.stats().ledger;
    expect(traces).toMatchObject({ created: 200, accepted: 200, spooled: 0 });
    expect(logs).toMatchObject({ created: 21, accepted: 0, spooled: 21, dropped: {} });
  });

  it('continues without a spool that cannot be used', async () => {
    const pipeline = createTo(collector.grpc, { directory: fileURLToPath(import.meta.url) });
    createTelemetry(pipeline).spans(10);
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(collector.spans()).toHaveLength(10);
  });

  it('stores the spans and points in memory if the process ends by an exception', async () => {
    const hooks = new URL('../slab/fixtures/source.mjs', import.meta.url).href;
    const app = fileURLToPath(new URL('./fixtures/crashing-app.ts', import.meta.url));
    const endpoint = await deadEndpoint();
    const args = ['--no-warnings', '--import', hooks, app, endpoint, mode, directory];
    await expect(run(process.execPath, args, { timeout: 100_000 })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the application is broken') as string,
    });
    const next = createTo(collector.grpc);
    await collector.until(() => collector.spans().length >= 1000 && collector.metrics().length > 0);
    expect(new Set(collector.spans()).size).toBe(1000);
    expect(collector.metrics()).toContain('orders');
    await next.shutdown();
  });
});
