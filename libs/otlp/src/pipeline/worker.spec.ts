import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { BroadcastChannel } from 'node:worker_threads';
import { terminates } from '@nestlens/testing';
import { SdkMeter } from '../ledger/fixtures/sdk-meter.js';
import { Collector } from './fixtures/collector.js';
import { KILLER } from './fixtures/killer.js';
import { PATIENT } from './fixtures/patient.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { mortalWorker, sourceWorker, startRemoteCollector } from './fixtures/worker.js';
import type { RemoteCollector } from './fixtures/worker.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOptions } from './pipeline-options.js';

const run = promisify(execFile);

describe('createPipeline, with a worker', () => {
  const pipelines: Pipeline[] = [];
  function create(options: PipelineOptions): Pipeline {
    const pipeline = createPipeline({ ...PATIENT, ...options });
    pipelines.push(pipeline);
    return pipeline;
  }

  afterEach(async () => {
    await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
  });

  describe('and a collector on this thread', () => {
    let collector: Collector;
    let killer: BroadcastChannel;
    beforeEach(async () => {
      killer = new BroadcastChannel(KILLER);
      collector = await new Collector().start();
    });
    afterEach(async () => {
      killer.close();
      await collector.stop();
    });

    it('sends all signals, over gRPC and both kinds of HTTP', async () => {
      const pipeline = create({
        traces: { endpoint: collector.grpc },
        metrics: { endpoint: collector.http('metrics'), protocol: 'http/protobuf' },
        logs: { endpoint: collector.http('logs'), protocol: 'http/json' },
        worker: sourceWorker,
      });
      const telemetry = createTelemetry(pipeline);
      pipeline.start();
      telemetry.spans(3);
      telemetry.logger.emit({ body: 'hello', severityNumber: 9 });
      telemetry.meter.createCounter('orders').add(2);
      await telemetry.metrics.forceFlush();
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(collector.spans()).toEqual(['span 0', 'span 1', 'span 2']);
      expect(collector.logs()).toEqual(['hello']);
      expect(collector.metrics()).toEqual(['orders']);
      expect(pipeline.stats()).toMatchObject({ runner: 'worker', replaced: 0 });
      expect(pipeline.stats().ledger.logs).toMatchObject({ created: 1, accepted: 1, queued: 0 });
    });

    it("calls the app's functions for headers", async () => {
      let asked = 0;
      const pipeline = create({
        traces: {
          endpoint: collector.grpc,
          headers: [{ 'x-tenant': 'a' }, () => ({ authorization: `Bearer ${(asked += 1)}` })],
        },
        worker: sourceWorker,
      });
      pipeline.start();
      createTelemetry(pipeline).spans(1);
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(asked).toBe(1);
      expect(collector.headers.at(-1)).toMatchObject({
        'x-tenant': 'a',
        authorization: 'Bearer 1',
      });
    });

    it('replaces a worker that ends, and sends its batches again', async () => {
      let hold = true;
      const arrived = Promise.withResolvers<void>();
      const slow = await new Collector(async () => {
        if (!hold) return { kind: 'accepted' };
        arrived.resolve();
        return new Promise(() => {});
      }).start();
      const lines: string[] = [];
      const sdk = new SdkMeter();
      const pipeline = create({
        traces: { endpoint: slow.grpc },
        worker: mortalWorker,
        meter: sdk.meter,
        selfMetrics: 'detailed',
        log: (_level, line) => lines.push(line),
      });
      pipeline.start();
      const telemetry = createTelemetry(pipeline);
      telemetry.spans(100);
      const flushed = pipeline.flush();
      await arrived.promise;
      hold = false;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      killer.postMessage('now');
      expect(await flushed).toEqual({ kind: 'done' });
      expect(slow.spans()).toHaveLength(100);
      const { ledger, replaced, runner } = pipeline.stats();
      expect({ replaced, runner }).toEqual({ replaced: 1, runner: 'worker' });
      expect(ledger.traces).toMatchObject({
        accepted: 100,
        queued: 0,
        handed: 100,
        possibleDuplicates: 100,
      });
      expect(lines).toEqual([expect.stringContaining('another was started')]);
      // Neither the batch of the ended worker nor that of the next one is in flight.
      expect(await sdk.points('otel.sdk.exporter.span.inflight')).toMatchObject([{ value: 0 }]);
      await sdk.shutdown();
      await slow.stop();
    });

    it('counts heap batches that an ended worker may have sent as possible duplicates', async () => {
      const arrived = Promise.withResolvers<void>();
      let requests = 0;
      const slow = await new Collector(async () => {
        requests += 1;
        if (requests > 1) return { kind: 'accepted' };
        arrived.resolve();
        return new Promise(() => {});
      }).start();
      const pipeline = create({
        metrics: { endpoint: slow.grpc },
        worker: mortalWorker,
        concurrency: { min: 1, max: 1 },
      });
      pipeline.start();
      const telemetry = createTelemetry(pipeline);
      telemetry.meter.createCounter('orders').add(1);
      const flushed = [telemetry.metrics.forceFlush()];
      await arrived.promise;
      // Two more points wait for the first one, so they cannot have been sent.
      telemetry.meter.createCounter('refunds').add(1);
      flushed.push(telemetry.metrics.forceFlush());
      await until(() => pipeline.stats().ledger.metrics.created === 3);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      killer.postMessage('now');
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      await Promise.all(flushed);
      expect(pipeline.stats().ledger.metrics).toMatchObject({
        created: 3,
        accepted: 3,
        queued: 0,
        possibleDuplicates: 1,
      });
      await slow.stop();
    });

    it('sends from its own thread if a worker cannot start', async () => {
      const pipeline = create({
        traces: { endpoint: collector.grpc },
        worker: { entry: new URL('./no-such-worker.js', import.meta.url) },
      });
      pipeline.start();
      createTelemetry(pipeline).spans(2);
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(collector.spans()).toHaveLength(2);
      expect(pipeline.stats().runner).toBe('inline');
    });
  });

  describe('and a collector elsewhere', () => {
    let collector: RemoteCollector;
    beforeEach(async () => {
      collector = await startRemoteCollector();
    });
    afterEach(() => collector.stop());

    it('exports while the event loop of the app is blocked', async () => {
      const { endpoint } = collector;
      const pipeline = create({ traces: { endpoint }, worker: sourceWorker, sealAfterMs: 100 });
      pipeline.start();
      const telemetry = createTelemetry(pipeline);
      telemetry.spans(1);
      await pipeline.flush();
      telemetry.spans(50, 1);
      terminates(() => {
        while (collector.spans() < 51);
      });
      expect(collector.spans()).toBe(51);
    });

    it.each([
      ['worker', 'leave', ''],
      ['inline', 'leave', ''],
      ['worker', 'flush', 'done\n'],
      ['inline', 'flush', 'done\n'],
    ])('does not keep a process alive (%s, %s)', async (mode, what, printed) => {
      const hooks = new URL('../slab/fixtures/source.mjs', import.meta.url).href;
      const app = fileURLToPath(new URL('./fixtures/leaving-app.ts', import.meta.url));
      const args = ['--no-warnings', '--import', hooks, app, collector.endpoint, mode, what];
      const { stdout } = await run(process.execPath, args, { timeout: 100_000 });
      expect(stdout).toBe(printed);
      expect(collector.spans()).toBeGreaterThanOrEqual(what === 'flush' ? 10 : 0);
    });
  });

  it('ends within a second after the deadline of a shutdown if its thread hangs, and counts the rest', async () => {
    const entry = new URL('data:text/javascript,setInterval(() => {}, 1000)');
    const pipeline = create({ traces: { endpoint: 'http://127.0.0.1:1' }, worker: { entry } });
    pipeline.start();
    createTelemetry(pipeline).spans(10);
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const { kind, ledger } = await pipeline.shutdown(AbortSignal.abort());
    const asked = timers.mock.calls.map(([, delay = 0]) => delay);
    timers.mockRestore();
    // The timers of a shutdown whose worker says nothing: they run one after the other.
    const [forEver, all, ...parts] = asked.toSorted((a, b) => b - a);
    expect([forEver, all]).toEqual([2 ** 31 - 1, 900]);
    expect(parts.reduce((sum, delay) => sum + delay, 0)).toBeLessThanOrEqual(900);
    expect(kind).toBe('deadline');
    expect(ledger.traces).toMatchObject({ queued: 0, dropped: { shutdown_deadline: 10 } });
  });
});
