import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { useLeakCheck } from '@nestlens/testing';
import { useMachine } from './fixtures/machine.js';
import type { App } from './fixtures/app.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';

/** P13, P14: flush and shutdown with 0 to 50,000 spans queued, whatever the peer does. The deadline of 5 s is 1.5 s here. */
const COUNTS = [0, 1, 2048, 50_000];
const DEADLINE_MS = 1500;
const GRACE_MS = 1000;

type Peer = 'healthy' | 'slow' | 'dead' | 'half-open';

const machine = useMachine();

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
      const traces = { endpoint: `http://127.0.0.1:${port}` };
      const app = stage.app({ traces, worker: worker && FROM_WORKER });
      if (peer === 'slow') proxy.set({ up: { latencyMs: 100 }, down: { latencyMs: 100 } });
      if (peer === 'half-open') {
        // It was a good one once.
        app.spans(1);
        await app.flush(5000);
        proxy.set({ blackHole: true });
      }
      return { app, collector };
    };

    const timed = async <T>(work: Promise<T>): Promise<{ result: T; ms: number }> => {
      const startedAt = performance.now();
      const result = await work;
      return { result, ms: performance.now() - startedAt };
    };

    afterEach(() => stage.close());

    it.each([true, false])(
      'P13, P14: lose nothing with a healthy peer (worker: %p)',
      async (worker) => {
        for (const count of COUNTS) {
          const { app, collector } = await meet('healthy', worker);
          app.spans(count);
          const flush = await timed(app.flush(20_000));
          expect(flush.result).toEqual({ kind: 'done' });
          app.spans(count);
          expect(await app.shutdown(20_000)).toMatchObject({ kind: 'done' });
          const { arrived: size, doubles } = await collector.counts();
          expect(balanceOf(app.report(), { size, doubles })).toEqual(WHOLE);
          expect(app.made).toBe(2 * count);
          await stage.close();
        }
      },
    );

    it.each(['slow', 'dead', 'half-open'] as const)(
      'P4, P13, P14: end in time and count what is left with one that is %s',
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
            const flush = await timed(app.flush(DEADLINE_MS));
            const shutdown = await timed(app.shutdown(DEADLINE_MS));
            const { arrived: size } = await collector.counts();
            const { made, books, broken, lines } = app.report();
            return { count, flush, shutdown, size, made, books, broken, lines };
          }),
        );
        for (const { count, flush, shutdown, size, made, books, broken, lines } of runs) {
          expect(flush.ms).toBeLessThanOrEqual(DEADLINE_MS + GRACE_MS + machine.lateMs);
          expect(shutdown.ms).toBeLessThanOrEqual(DEADLINE_MS + GRACE_MS + machine.lateMs);
          expect(broken).toEqual([]);
          expect(books.queued).toBe(0);
          const { shutdown_deadline: given = 0 } = books.dropped;
          expect(books.accepted + books.rejected + given).toBe(made);
          // What was given up may have arrived; what was accepted has.
          expect(size).toBeGreaterThanOrEqual(books.accepted);
          expect(peer === 'slow' || given === count).toBe(true);
          expect(lines.length).toBeLessThanOrEqual(2);
        }
      },
    );

    it('P14: are safe before a start, twice, at the same time and after the end', async () => {
      const { app, collector } = await meet('healthy', true);
      const [one, other] = [app.shutdown(5000), app.shutdown(5000)];
      expect((await one).kind).toBe('done');
      expect(await other).toBe(await one);
      app.spans(10);
      expect(await app.flush(1000)).toEqual({ kind: 'done' });
      expect((await collector.counts()).arrived).toBe(0);
      expect(balanceOf(app.report(), { size: 0, doubles: 0 })).toEqual({ ...WHOLE, counted: 10 });
    });
  });
});
