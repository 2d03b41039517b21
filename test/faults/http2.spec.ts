import { constants } from 'node:http2';
import type { ServerOptions } from 'node:http2';
import { useLeakCheck } from '@nestlens/testing';
import type { App } from './fixtures/app.js';
import { usePipelineClock } from './fixtures/pipeline-clock.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { FaultyCollector } from './fixtures/faulty-collector.js';
import type { Behaviour } from './fixtures/faulty-collector.js';
import { until } from './fixtures/until.js';

/** HTTP/2 lets a peer end streams and connections in these ways. Each fault hits every second request. */
const {
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_NO_ERROR,
  NGHTTP2_REFUSED_STREAM,
} = constants;
const BATCHES = 5;
const SPANS = 50;

describe('HTTP/2', () => {
  useLeakCheck();

  describe('with a collector that misbehaves', () => {
    const stage = new Stage();

    const meet = async (
      behaviour: Behaviour,
      server: ServerOptions = {},
    ): Promise<{ app: App; collector: FaultyCollector }> => {
      const collector = await FaultyCollector.start(behaviour, server);
      stage.keep(collector, (each) => each.close());
      const pool = { keepaliveMs: 1000, keepaliveTimeoutMs: 500 };
      const app = stage.app({ traces: { endpoint: collector.url, timeoutMs: 2000 }, pool });
      app.arrived = () => collector.ids.size;
      return { app, collector };
    };

    /** Sends all spans in several batches. The collector has them when it resolves. */
    const send = async (app: App): Promise<string> => {
      const flushes: Promise<{ readonly kind: string }>[] = [];
      for (let batch = 0; batch < BATCHES; batch += 1) {
        app.spans(SPANS);
        flushes.push(app.flush());
      }
      const results = await Promise.all(flushes);
      return results.every(({ kind }) => kind === 'done') ? 'done' : 'deadline';
    };

    afterEach(() => stage.close());

    it.each([
      ['NO_ERROR', NGHTTP2_NO_ERROR, ''],
      ['ENHANCE_YOUR_CALM', NGHTTP2_ENHANCE_YOUR_CALM, 'too_many_pings'],
      ['INTERNAL_ERROR', NGHTTP2_INTERNAL_ERROR, ''],
    ])(
      'loses no span when GOAWAY %s comes with every second request',
      async (_name, code, data) => {
        const { app, collector } = await meet({
          late({ nth, stream, accept }) {
            if (nth % 2 === 0) stream.session?.goaway(code, stream.id, Buffer.from(data));
            accept();
          },
        });
        expect(await send(app)).toBe('done');
        const { ledger } = app.report();
        const { doubles } = collector.ids;
        expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(ledger.possibleDuplicates);
      },
    );

    it('sends requests above the last stream id of a GOAWAY again, without a duplicate', async () => {
      const { app, collector } = await meet({
        early({ nth, stream }) {
          if (nth >= 3) return false;
          stream.session?.goaway(NGHTTP2_NO_ERROR, (stream.id ?? 2) - 2);
          stream.session?.destroy();
          return true;
        },
      });
      expect(await send(app)).toBe('done');
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
    });

    it.each([
      ['after the headers', true, false, NGHTTP2_INTERNAL_ERROR],
      ['after the data', false, false, NGHTTP2_CANCEL],
      ['after the collector took the batch', false, true, NGHTTP2_INTERNAL_ERROR],
    ])(
      'loses no span when RST_STREAM comes %s, on every second request',
      async (_when, early, taken, code) => {
        const { app, collector } = await meet({
          early({ nth, stream }) {
            if (!early || nth % 2 === 1) return false;
            stream.close(code);
            return true;
          },
          late(call) {
            if (early || call.nth % 2 === 1) return call.accept();
            if (taken) call.take();
            call.stream.close(code);
          },
        });
        expect(await send(app)).toBe('done');
        const { ledger } = app.report();
        const { doubles } = collector.ids;
        expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(ledger.possibleDuplicates);
        expect(doubles > 0).toBe(taken);
      },
    );

    it('keeps to MAX_CONCURRENT_STREAMS 1 without a deadlock', async () => {
      let open = 0;
      let most = 0;
      const { app, collector } = await meet(
        {
          early({ stream }) {
            open += 1;
            most = Math.max(most, open);
            stream.once('close', () => (open -= 1));
            return false;
          },
        },
        { settings: { maxConcurrentStreams: 1 } },
      );
      expect(await send(app)).toBe('done');
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      // Each of the pool's two connections has one stream.
      expect(most).toBeLessThanOrEqual(2);
    });

    it('ends attempts at their deadline while the window is 0, and sends all once it opens', async () => {
      const { app, collector } = await meet({}, { settings: { initialWindowSize: 0 } });
      app.spans(SPANS);
      const deadline = new AbortController();
      const flushed = app.flush(deadline.signal);
      // The first attempt has ended, and another one follows.
      await until(() => app.pipeline.stats().exporters.some(({ retrying }) => retrying > 0));
      deadline.abort();
      expect((await flushed).kind).toBe('deadline');
      for (const session of collector.peer.sessions) {
        if (!session.destroyed) session.settings({ initialWindowSize: 1 << 20 });
      }
      collector.peer.server.updateSettings({ initialWindowSize: 1 << 20 });
      collector.peer.server.on('session', (session) =>
        session.settings({ initialWindowSize: 1 << 20 }),
      );
      expect(await app.flush()).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual({
        ...WHOLE,
        doubles: collector.ids.doubles,
      });
    });
  });

  describe('on a manual clock', () => {
    const clock = usePipelineClock();
    const stage = new Stage();

    afterEach(() => stage.close());

    it('sends again at once after REFUSED_STREAM, then after a pause, without a duplicate', async () => {
      const cameAt: number[] = [];
      const collector = await FaultyCollector.start({
        early({ nth, stream }) {
          cameAt.push(clock.now());
          if (nth >= 4) return false;
          stream.close(NGHTTP2_REFUSED_STREAM);
          return true;
        },
      });
      stage.keep(collector, (each) => each.close());
      const app = stage.app({ traces: { endpoint: collector.url }, worker: false });
      app.arrived = () => collector.ids.size;
      app.spans(SPANS);
      const flushed = app.flush();
      await clock.pauses(app);
      // The clock stood still, so the second request belongs to the first attempt.
      expect(cameAt).toEqual([0, 0]);
      expect(await clock.passDuring(flushed)).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(app.ledger.possibleDuplicates).toBe(0);
      // The pause starts at a second and grows by half each time. Chance makes it 0.5 to 1.5 times as long.
      expect(cameAt).toHaveLength(5);
      for (const [failures, came] of cameAt.slice(2).entries()) {
        const soonest = 500 * 1.5 ** failures + (cameAt[failures + 1] ?? 0);
        expect(came).toBeGreaterThanOrEqual(soonest);
      }
    });
  });
});
