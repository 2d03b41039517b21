import { useLeakCheck } from '@nestlens/testing';
import { encodeExportResponse } from '@nestlens/otlp/wire';
import { answer } from '../../libs/otlp/src/pool/fixtures/h2-peer.js';
import type { App } from './fixtures/app.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';
import { FaultyCollector } from './fixtures/faulty-collector.js';
import type { Call } from './fixtures/faulty-collector.js';
import { lasting } from './fixtures/until.js';

/**
 * Answers over gRPC that come byte by byte, contradict the request or are too large. The attempt's deadline of
 * 10 s is 1 s here.
 */
const SPANS = 10;
const MIB = 1024 * 1024;
const TIMEOUT_MS = 1000;
/** Attempts have no deadline, except where the deadline is tested. */
const NEVER_MS = 1_000_000;

interface Met {
  readonly flushed: string;
  readonly balance: Balance;
  readonly accepted: number;
  readonly rejected: number;
  readonly calls: number;
  readonly lines: readonly string[];
}

describe('gRPC replies', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();

    const meet = async (
      late: (call: Call) => void,
      timeoutMs = NEVER_MS,
    ): Promise<[App, FaultyCollector]> => {
      const collector = await FaultyCollector.start({ late });
      stage.keep(collector, (each) => each.close());
      const app = stage.app({ traces: { endpoint: collector.url, timeoutMs } });
      return [app, collector];
    };

    const send = async (late: (call: Call) => void): Promise<Met> => {
      const [app, collector] = await meet(late);
      app.spans(SPANS);
      const { kind } = await app.flush();
      const { ledger, lines } = app.report();
      const balance = balanceOf(app.report(), collector.ids);
      const { accepted, rejected } = ledger;
      return { flushed: kind, balance, accepted, rejected, calls: collector.calls, lines };
    };

    const partial = (rejected: number, message: string): Promise<Met> =>
      send((call) => {
        call.take();
        answer(call.stream, encodeExportResponse({ rejected, message }));
      });

    afterEach(() => stage.close());

    it('with a partial success end the batch, and reject at most as many items as were sent', async () => {
      const [some, none, more, negative] = await Promise.all([
        partial(3, 'too old'),
        partial(0, 'sampling is deprecated'),
        partial(SPANS * 100, 'all of them'),
        partial(-5, 'odd'),
      ]);
      expect(some).toMatchObject({ accepted: SPANS - 3, rejected: 3 });
      expect(none).toMatchObject({ accepted: SPANS, rejected: 0 });
      expect(more).toMatchObject({ accepted: 0, rejected: SPANS });
      expect(negative).toMatchObject({ accepted: SPANS, rejected: 0 });
      for (const met of [some, none, more, negative]) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1 });
        expect(met.balance).toMatchObject({ broken: [], queued: 0 });
        expect(met.accepted + met.rejected).toBe(SPANS);
        expect(met.lines.length).toBeLessThanOrEqual(1);
      }
    });

    it('that reject a part of every batch lead to one log line a minute', async () => {
      const [app, collector] = await meet((call) => {
        call.take();
        answer(call.stream, encodeExportResponse({ rejected: 1, message: `no. ${call.nth}` }));
      });
      for (let batch = 0; batch < 20; batch += 1) {
        app.spans(SPANS);
        await app.flush();
      }
      expect(app.ledger).toMatchObject({ accepted: 20 * (SPANS - 1), rejected: 20 });
      expect(collector.calls).toBe(20);
      expect(app.report().lines).toHaveLength(1);
      expect(app.report().broken).toEqual([]);
    });

    it('that cannot be decoded count as accepted; those of 5 MiB or without gRPC count as refused', async () => {
      const say = (message: Buffer): Promise<Met> =>
        send((call) => {
          call.take();
          answer(call.stream, message);
        });
      const [truncated, text, large, page] = await Promise.all([
        say(Buffer.from([0x0a, 0x10, 0x08])),
        say(Buffer.from('<html>Welcome</html>')),
        send((call) => answer(call.stream, Buffer.alloc(5 * MIB))),
        send((call) => {
          call.stream.respond({ ':status': 200, 'content-type': 'text/html' });
          call.stream.end('<html>Welcome</html>');
        }),
      ]);
      for (const met of [truncated, text]) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1, balance: WHOLE });
      }
      for (const met of [large, page]) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1 });
        expect(met.balance).toEqual({ ...WHOLE, counted: SPANS });
      }
    });

    it('that come byte by byte end at the deadline of the attempt, which is sent again', async () => {
      const [app, collector] = await meet((call) => {
        if (call.nth > 0) return call.accept();
        call.take();
        void drip(call);
      }, TIMEOUT_MS);
      app.spans(SPANS);
      // Bytes come for as long as somebody listens, so only the deadline ends the attempt.
      expect(await app.flush()).toEqual({ kind: 'done' });
      expect(collector.calls).toBe(2);
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, doubles: SPANS });
      expect(app.ledger.possibleDuplicates).toBe(SPANS);
    });
  });
});

/** Sends a byte every 50 ms (500 ms by the same ratio as the deadline), as long as somebody listens. */
async function drip({ stream }: Call): Promise<void> {
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  // The message has more bytes than would come in an hour.
  stream.write(Buffer.from([0, 0, 1, 0, 0]));
  while (!stream.destroyed && !stream.closed) {
    stream.write(Buffer.from([0]));
    await lasting(50);
  }
}
