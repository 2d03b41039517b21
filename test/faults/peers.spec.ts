import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { FlushResult } from '../../libs/otlp/src/pipeline/pipeline.js';
import type { App } from './fixtures/app.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * These peers hold a connection open and say nothing. Keepalive and attempts are ten times as short as by
 * default (1 s + 0.5 s, and 1 s). NESTLENS_FAULTS_LONG=1 finds a half-open connection with the real defaults
 * too.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const POOL = { keepaliveMs: 1000, keepaliveTimeoutMs: 500 };
const SPANS = 200;
/** Attempts have no deadline, except where the deadline is tested. */
const NEVER_MS = 1_000_000;

describe('with a peer that says nothing', () => {
  useLeakCheck();

  describe('the pipeline', () => {
    const stage = new Stage();

    /** Flushes while all open connections go silent, and only one of them gets a request. */
    const flushedThroughSilence = async (app: App, proxy: FaultProxy): Promise<FlushResult> => {
      proxy.set({ blackHole: true });
      app.spans(SPANS);
      const flushed = app.flush();
      await until(() => app.pipeline.stats().slabs.used > 0);
      await lasting(200);
      // Connections that are open now never recover. The next one works.
      proxy.set({});
      const result = await flushed;
      expect(proxy.swallowed).toBe(1);
      return result;
    };

    afterEach(() => stage.close());

    it.each<number>(LONG ? [10, 1] : [10])(
      'finds a half-open connection (at 1/%d of the defaults), and sends its requests again',
      async (ratio) => {
        const collector = await stage.collector();
        const proxy = await stage.proxy(collector.grpcPort);
        const endpoint = `http://127.0.0.1:${proxy.port}`;
        const app = stage.app({
          // No attempt ends at its own deadline, so the keepalive must find the connection.
          traces: { endpoint, timeoutMs: NEVER_MS },
          pool: ratio === 1 ? {} : POOL,
          worker: FROM_WORKER,
        });
        app.spans(SPANS);
        await app.flush();
        // No request goes out on a connection that is known to be dead.
        expect(await flushedThroughSilence(app, proxy)).toEqual({ kind: 'done' });
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
        expect(app.report().lines.length).toBeLessThanOrEqual(2);
      },
    );

    it('loses one attempt in all when idle OTLP/HTTP connections go silent (1 s of 10 s)', async () => {
      const collector = await stage.collector();
      const proxy = await stage.proxy(collector.httpPort);
      const endpoint = `http://127.0.0.1:${proxy.port}/v1/traces`;
      const traces = { protocol: 'http/protobuf', endpoint, timeoutMs: 1000 } as const;
      const concurrency = { min: 8 };
      const app = stage.app({ traces, concurrency, targetBytes: 64 * 1024, worker: FROM_WORKER });
      // A delay makes the pipeline open several connections.
      proxy.set({ down: { latencyMs: 200 } });
      app.spans(8000);
      expect(await app.flush()).toEqual({ kind: 'done' });
      const kept = proxy.open;
      expect(kept).toBeGreaterThanOrEqual(4);
      // The other idle connections are closed without an attempt.
      expect(await flushedThroughSilence(app, proxy)).toEqual({ kind: 'done' });
      const { arrived: size, doubles } = await collector.counts();
      expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
      expect(app.ledger.possibleDuplicates).toBe(SPANS);
    });

    it.each(['grpc', 'http/protobuf'] as const)(
      'ends flush and shutdown at their deadlines when the peer accepts and never answers (%s)',
      async (protocol) => {
        const sockets = new Set<Socket>();
        const server = createServer((socket) => {
          sockets.add(socket.on('error', () => {}));
          socket.resume();
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        stage.keep(server, async () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        });
        const endpoint = `http://127.0.0.1:${port}${protocol === 'grpc' ? '' : '/v1/traces'}`;
        const app = stage.app({ traces: { protocol, endpoint, timeoutMs: 1000 } });
        app.spans(SPANS);
        const flushDeadline = new AbortController();
        const flushed = app.flush(flushDeadline.signal);
        // One attempt has ended at its own deadline.
        await until(() => app.pipeline.stats().exporters.some(({ retrying }) => retrying > 0));
        flushDeadline.abort();
        expect((await flushed).kind).toBe('deadline');
        expect(balanceOf(app.report(), { size: 0, doubles: 0 })).toEqual({
          ...WHOLE,
          queued: SPANS,
        });
        const deadline = new AbortController();
        const ended = app.shutdown(deadline.signal);
        deadline.abort();
        expect((await ended).kind).toBe('deadline');
        const { doubles } = WHOLE;
        const balance = balanceOf(app.report(), { size: 0, doubles });
        expect(balance).toEqual({ ...WHOLE, counted: SPANS });
      },
    );

    it('loses no span to a collector that freezes for 3 s (of 30 s) and continues', async () => {
      const collector = await stage.collector();
      const endpoint = `http://127.0.0.1:${collector.grpcPort}`;
      const app = stage.app({
        traces: { endpoint, timeoutMs: 1000 },
        pool: POOL,
        worker: FROM_WORKER,
      });
      app.pace(500);
      await until(async () => (await collector.counts()).arrived > 0);
      collector.freeze();
      await lasting(3000);
      collector.thaw();
      await lasting(500);
      const made = app.rest();
      expect(await app.flush()).toEqual({ kind: 'done' });
      const { arrived: size, doubles } = await collector.counts();
      const report = app.report();
      expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
      expect(await collector.missing(made)).toEqual([]);
      expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
      expect(report.lines.length).toBeLessThanOrEqual(2);
    });
  });
});
