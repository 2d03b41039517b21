import type { ExportReply } from '../receiver/receiver-options.js';
import { summedUp } from './fixtures/ledger-sum.js';
import { Collector } from './fixtures/collector.js';
import { PATIENT } from './fixtures/patient.js';
import { deadEndpoint, startSilentPeer } from './fixtures/peers.js';
import type { Peer } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { until } from './fixtures/until.js';
import { sourceWorker } from './fixtures/worker.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';

const amounts = [0, 1, 2000, 20_000];
function forEver(): AbortSignal {
  return new AbortController().signal;
}
const modes = [
  ['inline', false],
  ['worker', sourceWorker],
] as const;

describe.each(modes)('shutdown and flush, %s', (_mode, worker) => {
  const open: (Collector | Peer)[] = [];
  const pipelines: Pipeline[] = [];

  function createTo(endpoint: string, options = {}): Pipeline {
    const pipeline = createPipeline({ traces: { endpoint }, worker, ...PATIENT, ...options });
    pipelines.push(pipeline);
    return pipeline;
  }
  async function opened<P extends Collector | Peer>(peer: Promise<P>): Promise<P> {
    open.push(await peer);
    return peer;
  }

  afterEach(async () => {
    await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
    await Promise.all(open.splice(0).map((peer) => peer.stop()));
  });

  it.each(amounts)('send all of %d spans to a healthy collector', async (amount) => {
    const collector = await opened(new Collector().start());
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    createTelemetry(pipeline).spans(amount);
    const { kind, ledger } = await pipeline.shutdown();
    expect(kind).toBe('done');
    expect(new Set(collector.spans()).size).toBe(amount);
    expect(collector.spans()).toHaveLength(amount);
    expect(ledger.traces).toMatchObject({ created: amount, accepted: amount, dropped: {} });
  });

  it('send all of 2000 spans to a slow collector', async () => {
    const collector = await opened(
      new Collector(async () => {
        for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
        return { kind: 'accepted' };
      }).start(),
    );
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    createTelemetry(pipeline).spans(2000);
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect((await pipeline.shutdown()).ledger.traces).toMatchObject({ accepted: 2000, queued: 0 });
  });

  it.each(amounts)(
    'account for all of %d spans at the deadline if nobody is there',
    async (amount) => {
      const pipeline = createTo(await deadEndpoint());
      pipeline.start();
      createTelemetry(pipeline).spans(amount);
      const report = await pipeline.shutdown(AbortSignal.timeout(500));
      expect(report.ledger.traces).toMatchObject({ created: amount, accepted: 0, queued: 0 });
      expect(summedUp(report.ledger.traces)).toBe(amount);
    },
  );

  it.each(amounts)(
    'account for all of %d spans at the deadline if the peer never answers',
    async (amount) => {
      const peer = await opened(startSilentPeer());
      const pipeline = createTo(peer.endpoint);
      pipeline.start();
      createTelemetry(pipeline).spans(amount);
      const gaveUp = new AbortController();
      const ended = pipeline.shutdown(gaveUp.signal);
      if (amount > 0) await peer.asked;
      gaveUp.abort();
      const report = await ended;
      expect(report.kind).toBe(amount === 0 ? 'done' : 'deadline');
      expect(report.ledger.traces).toMatchObject({ created: amount, accepted: 0, queued: 0 });
      expect(summedUp(report.ledger.traces)).toBe(amount);
    },
  );

  it('wait until the deadline for a collector that accepted something before, and send everything when it returns', async () => {
    const collector = await opened(new Collector().start());
    const pipeline = createTo(collector.grpc, { metrics: { endpoint: collector.grpc } });
    pipeline.start();
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(10);
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    await collector.stop();
    for (let batch = 0; batch < 6; batch += 1) {
      telemetry.spans(10, 10 + batch * 10);
      void pipeline.flush();
    }
    await until(() => pipeline.stats().exporters[0]?.breaker.kind === 'open');
    const ended = pipeline.shutdown(forEver());
    const lost = until(() => pipeline.stats().ledger.traces.queued === 0);
    const attempted = until(() => pipeline.stats().exporters[0]?.breaker.kind === 'half-open');
    await Promise.race([lost, attempted]);
    expect(pipeline.stats().ledger.traces).toMatchObject({ queued: 60, dropped: {} });
    await collector.start();
    expect((await ended).ledger.traces).toMatchObject({ accepted: 70, queued: 0, dropped: {} });
    expect(new Set(collector.spans()).size).toBe(70);
  });

  it('count spans in flight at the deadline as dropped with an unknown outcome', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<ExportReply>();
    const slow = new Collector(() => {
      arrived.resolve();
      return answer.promise;
    });
    const collector = await opened(slow.start());
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    createTelemetry(pipeline).spans(10);
    void pipeline.flush();
    await arrived.promise;
    const { ledger } = await pipeline.shutdown(AbortSignal.abort());
    expect(ledger.traces).toMatchObject({ queued: 0, dropped: { outcome_unknown: 10 } });
    answer.resolve({ kind: 'accepted' });
  });

  it('do not wait if nobody is there and no collector ever answered', async () => {
    const pipeline = createTo(await deadEndpoint());
    pipeline.start();
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(10);
    const unreachable = { kind: 'unreachable', pending: { traces: 10, metrics: 0, logs: 0 } };
    expect(await pipeline.flush(forEver())).toEqual(unreachable);
    expect(await pipeline.flush(forEver())).toEqual(unreachable);
    const { kind, ledger } = await pipeline.shutdown(forEver());
    expect([kind, ledger.traces.dropped]).toEqual(['done', { shutdown_deadline: 10 }]);
  });

  it('make one more attempt for a flush, which reaches a collector that has started meanwhile', async () => {
    const collector = await opened(new Collector().start());
    await collector.stop();
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    const telemetry = createTelemetry(pipeline);
    for (let batch = 0; batch < 6; batch += 1) {
      telemetry.spans(1, batch);
      expect(await pipeline.flush(forEver())).toMatchObject({ kind: 'unreachable' });
    }
    await collector.start();
    expect(await pipeline.flush(forEver())).toEqual({ kind: 'done' });
    expect(new Set(collector.spans()).size).toBe(6);
  });

  it('report the pending spans at the deadline of a flush, and send them afterwards', async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<ExportReply>();
    const collector = await opened(
      new Collector(() => {
        arrived.resolve();
        return answer.promise;
      }).start(),
    );
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    createTelemetry(pipeline).spans(10);
    expect(await pipeline.flush(AbortSignal.timeout(200))).toEqual({
      kind: 'deadline',
      pending: { traces: 10, metrics: 0, logs: 0 },
    });
    await arrived.promise;
    answer.resolve({ kind: 'accepted' });
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(collector.spans()).toHaveLength(10);
  });

  it('wait only for spans that ended before the flush', async () => {
    const collector = await opened(new Collector().start());
    const pipeline = createTo(collector.grpc);
    pipeline.start();
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(5);
    const flushed = pipeline.flush();
    telemetry.spans(5, 5);
    await flushed;
    expect(collector.spans().length).toBeGreaterThanOrEqual(5);
    await pipeline.flush();
    expect(new Set(collector.spans()).size).toBe(10);
  });

  it('may be called before the start, twice and concurrently', async () => {
    const collector = await opened(new Collector().start());
    const idle = createTo(collector.grpc);
    expect(await idle.flush()).toEqual({ kind: 'done' });
    expect((await idle.shutdown()).kind).toBe('done');
    idle.start();
    expect(idle.stats().runner).toBe('none');

    const pipeline = createTo(collector.grpc);
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(3);
    const flushed = Promise.all([pipeline.flush(), pipeline.flush()]);
    pipeline.start();
    pipeline.start();
    expect(await flushed).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    const first = pipeline.shutdown();
    expect(pipeline.shutdown()).toBe(first);
    telemetry.spans(2);
    const { ledger } = await first;
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(ledger.traces).toMatchObject({ accepted: 3, dropped: { already_shutdown: 2 } });
    expect(summedUp(pipeline.stats().ledger.traces)).toBe(5);
  });
});
