import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { useLeakCheck } from '@nestlens/testing';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Peers that are there and say nothing. Keepalive and attempts are shortened 10:1 (1 s + 0.5 s, and 1 s).
 * NESTLENS_FAULTS_LONG=1: half-open by the real defaults too.
 */
const LONG = process.env['NESTLENS_FAULTS_LONG'] === '1';
const POOL = { keepaliveMs: 1000, keepaliveTimeoutMs: 500 };
const SPANS = 200;
/** An attempt has no deadline but where that is the fault. */
const NEVER_MS = 1_000_000;

describe('a peer that says nothing', () => {
  useLeakCheck();

  describe('of a pipeline', () => {
    const stage = new Stage();

    afterEach(() => stage.close());

    it.each<number>(LONG ? [10, 1] : [10])(
      'a half-open connection is found (by 1/%d of the defaults), and what was on it is sent again',
      async (ratio) => {
        const collector = await stage.collector();
        const proxy = await stage.proxy(collector.grpcPort);
        const endpoint = `http://127.0.0.1:${proxy.port}`;
        const app = stage.app({
          // No attempt ends by its own deadline: the keepalive must find it.
          traces: { endpoint, timeoutMs: NEVER_MS },
          pool: ratio === 1 ? {} : POOL,
          worker: FROM_WORKER,
        });
        app.spans(SPANS);
        await app.flush();
        proxy.set({ blackHole: true });
        app.spans(SPANS);
        const flushed = app.flush();
        await until(() => app.pipeline.stats().slabs.used > 0);
        await lasting(200);
        // What is open now never recovers; the next connection is a good one.
        proxy.set({});
        expect(await flushed).toEqual({ kind: 'done' });
        // On each only what was under way: nothing went out on it once it was known.
        expect(proxy.swallowed).toBe(1);
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
        expect(app.report().lines.length).toBeLessThanOrEqual(2);
      },
    );

    it('connections kept for OTLP/HTTP that go silent cost one attempt in all (1 s of 10 s)', async () => {
      const collector = await stage.collector();
      const proxy = await stage.proxy(collector.httpPort);
      const endpoint = `http://127.0.0.1:${proxy.port}/v1/traces`;
      const traces = { protocol: 'http/protobuf', endpoint, timeoutMs: 1000 } as const;
      const concurrency = { min: 8 };
      const app = stage.app({ traces, concurrency, targetBytes: 64 * 1024, worker: FROM_WORKER });
      // Slow for once, so that there are several connections.
      proxy.set({ down: { latencyMs: 200 } });
      app.spans(8000);
      expect(await app.flush()).toEqual({ kind: 'done' });
      const kept = proxy.open;
      expect(kept).toBeGreaterThanOrEqual(4);
      proxy.set({ blackHole: true });
      app.spans(SPANS);
      const flushed = app.flush();
      await until(() => app.pipeline.stats().slabs.used > 0);
      await lasting(200);
      // Those that are open never recover; the next one is good.
      proxy.set({});
      expect(await flushed).toEqual({ kind: 'done' });
      // The others that were kept were closed without an attempt.
      expect(proxy.swallowed).toBe(1);
      const { arrived: size, doubles } = await collector.counts();
      expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
      expect(app.ledger.possibleDuplicates).toBe(SPANS);
    });

    it.each(['grpc', 'http/protobuf'] as const)(
      'one that accepts and never answers (%s) holds up nobody past a deadline',
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
        // An attempt has ended by its own.
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

    it('a collector that freezes for 3 s (of 30 s) and goes on loses nothing', async () => {
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
