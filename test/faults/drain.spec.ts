import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { useLeakCheck } from '@nestlens/testing';
import type { App } from './fixtures/app.js';
import { droppedAtEnd } from './fixtures/span-ledger.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';

/** Flush and shutdown with 0 to 50,000 spans queued, whatever the peer does. */
const COUNTS = [0, 1, 2048, 50_000];
/** The length of a deadline, which is the fault under test. No attempt ends by itself before it. */
const DEADLINE_MS = 1500;
const NEVER_MS = 1_000_000;

type Peer = 'healthy' | 'distant' | 'silent' | 'dead' | 'half-open';

/** How a flush and a shutdown end. Those to a dead peer, which refuses connections, end without a deadline. */
const ENDS = {
  silent: ['deadline', 'deadline'],
  dead: ['unreachable', 'done'],
  'half-open': ['deadline', 'deadline'],
} as const;

describe('flush and shutdown', () => {
  useLeakCheck();

  describe('with a queue', () => {
    const stage = new Stage();

    const deadPort = async (): Promise<number> => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      return port;
    };

    const meet = async (
      peer: Peer,
      worker: boolean,
    ): Promise<{ app: App; collector: CollectorProcess }> => {
      const collector = await stage.collector();
      const proxy = await stage.proxy(collector.grpcPort);
      const port = peer === 'dead' ? await deadPort() : proxy.port;
      const traces = { endpoint: `http://127.0.0.1:${port}`, timeoutMs: NEVER_MS };
      const app = stage.app({ traces, worker: worker && FROM_WORKER });
      if (peer === 'distant') proxy.set({ up: { latencyMs: 100 }, down: { latencyMs: 100 } });
      if (peer === 'half-open' || peer === 'silent') {
        // The collector was reachable once.
        app.spans(1);
        await app.flush();
        // Requests arrive at a silent one, but no answer comes back in time.
        proxy.set(peer === 'silent' ? { down: { latencyMs: NEVER_MS } } : { blackHole: true });
      }
      return { app, collector };
    };

    afterEach(() => stage.close());

    it.each([true, false])('lose nothing with a healthy peer (worker: %p)', async (worker) => {
      for (const count of COUNTS) {
        const { app, collector } = await meet('healthy', worker);
        app.spans(count);
        expect(await app.flush()).toEqual({ kind: 'done' });
        app.spans(count);
        expect(await app.shutdown()).toMatchObject({ kind: 'done' });
        const { arrived: size, doubles } = await collector.counts();
        expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
        expect(app.made).toBe(2 * count);
        await stage.close();
      }
    });

    it.each([true, false])('wait for a distant peer (worker: %p)', async (worker) => {
      const { app, collector } = await meet('distant', worker);
      app.spans(50_000);
      expect(await app.flush()).toEqual({ kind: 'done' });
      app.spans(1);
      expect(await app.shutdown()).toMatchObject({ kind: 'done' });
      const { arrived: size, doubles } = await collector.counts();
      expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
    });

    it.each(['silent', 'dead', 'half-open'] as const)(
      'end, and count what is left, with one that is %s',
      async (peer) => {
        const kinds = [1, 50_000].flatMap((count) => [
          { count, worker: true },
          { count, worker: false },
        ]);
        const apps = await Promise.all(
          kinds.map(async ({ count, worker }) => ({ count, ...(await meet(peer, worker)) })),
        );
        for (const { app, count } of apps) app.spans(count);
        const runs = await Promise.all(
          apps.map(async ({ app, count, collector }) => {
            // Nothing but the deadline ends them, except at a dead peer.
            const deadline = (): AbortSignal | undefined =>
              peer === 'dead' ? undefined : AbortSignal.timeout(DEADLINE_MS);
            const flush = await app.flush(deadline());
            const shutdown = await app.shutdown(deadline());
            const { arrived: size } = await collector.counts();
            const { made, ledger, broken, lines } = app.report();
            return { count, flush, shutdown, size, made, ledger, broken, lines };
          }),
        );
        for (const { count, flush, shutdown, size, made, ledger, broken, lines } of runs) {
          expect([flush.kind, shutdown.kind]).toEqual(ENDS[peer]);
          expect(broken).toEqual([]);
          expect(ledger.queued).toBe(0);
          const { left: given } = droppedAtEnd(ledger);
          // All but the first span of a collector that was reachable once.
          expect([given, ledger.accepted, ledger.rejected]).toEqual([count, made - count, 0]);
          // Dropped items may have arrived; accepted items have.
          expect(size).toBeGreaterThanOrEqual(ledger.accepted);
          expect(lines.length).toBeLessThanOrEqual(2);
        }
        const heard = runs.filter(({ size, ledger }) => size > ledger.accepted);
        expect(heard.length > 0).toBe(peer === 'silent');
      },
    );

    it('are safe before a start, twice, at the same time and after the end', async () => {
      const { app, collector } = await meet('healthy', true);
      const [one, other] = [app.shutdown(), app.shutdown()];
      expect((await one).kind).toBe('done');
      expect(await other).toBe(await one);
      app.spans(10);
      expect(await app.flush()).toEqual({ kind: 'done' });
      expect((await collector.counts()).arrived).toBe(0);
      expect(balanceOf(app.report(), { size: 0, doubles: 0 })).toEqual({ ...WHOLE, counted: 10 });
    });
  });
});
