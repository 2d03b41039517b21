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

type Peer = 'healthy' | 'slow' | 'dead' | 'half-open';

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
      if (peer === 'slow') proxy.set({ up: { latencyMs: 100 }, down: { latencyMs: 100 } });
      if (peer === 'half-open') {
        // The collector was reachable once.
        app.spans(1);
        await app.flush();
        proxy.set({ blackHole: true });
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

    it.each(['slow', 'dead', 'half-open'] as const)(
      'end at the deadline and count what is left with one that is %s',
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
            // Nothing else ends them: attempts would go on, except at a dead collector, for which a flush need not
            // wait.
            const flush = await app.flush(AbortSignal.timeout(DEADLINE_MS));
            const shutdown = await app.shutdown(AbortSignal.timeout(DEADLINE_MS));
            const { arrived: size } = await collector.counts();
            const { made, ledger, broken, lines } = app.report();
            return { count, flush, shutdown, size, made, ledger, broken, lines };
          }),
        );
        for (const { count, flush, shutdown, size, made, ledger, broken, lines } of runs) {
          expect(peer === 'slow' || flush.kind !== 'done').toBe(true);
          expect(peer !== 'half-open' || shutdown.kind === 'deadline').toBe(true);
          expect(broken).toEqual([]);
          expect(ledger.queued).toBe(0);
          const { left: given } = droppedAtEnd(ledger);
          expect(ledger.accepted + ledger.rejected + given).toBe(made);
          // Dropped items may have arrived; accepted items have.
          expect(size).toBeGreaterThanOrEqual(ledger.accepted);
          expect(peer === 'slow' || given === count).toBe(true);
          expect(lines.length).toBeLessThanOrEqual(2);
        }
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
