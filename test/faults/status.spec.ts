import { seededRandom, useLeakCheck } from '@nestlens/testing';
import { encodeStatus } from '@nestlens/otlp/wire';
import type { App } from './fixtures/app.js';
import { usePipelineClock } from './fixtures/pipeline-clock.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';
import { FaultyCollector } from './fixtures/faulty-collector.js';
import type { Behaviour } from './fixtures/faulty-collector.js';

/** Every status of gRPC. A manual clock measures the pauses. */
const UNAVAILABLE = 14;
const RESOURCE_EXHAUSTED = 8;
const SPANS = 10;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const BATCHES = 4;
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * SECOND;

const REFUSAL =
  /^warn: traces refused by 127\.0\.0\.1:\d+ \([A-Z_]+\): faulty.*; what it refuses is lost$/;
const RETRIED = [1, 4, 10, 11, 14, 15];
const REFUSED = [2, 3, 5, 6, 7, 8, 9, 12, 13, 16];

interface Refused {
  readonly collector: FaultyCollector;
  /** Resolves when the flush is over. */
  readonly balance: () => Promise<Balance>;
}

const clock = usePipelineClock();

describe('gRPC statuses', () => {
  useLeakCheck();

  describe('from a collector', () => {
    const stage = new Stage();

    const meet = async (
      behaviour: Behaviour,
    ): Promise<{ app: App; collector: FaultyCollector }> => {
      const collector = await FaultyCollector.start(behaviour);
      stage.keep(collector, (each) => each.close());
      const app = stage.app({ traces: { endpoint: collector.url }, worker: false });
      app.arrived = () => collector.ids.size;
      return { app, collector };
    };

    /**
     * Returns when the first attempt was refused, and, unless the refusal is final, the pause after it has
     * begun.
     */
    const refused = async (
      code: number,
      details?: Uint8Array | string,
      isFinal = false,
    ): Promise<Refused> => {
      const { app, collector } = await meet({
        late: (call) => (call.nth === 0 ? call.refuse(code, details) : call.accept()),
      });
      app.spans(SPANS);
      const flushed = app.flush();
      await (isFinal ? flushed : clock.pauses(app));
      const balance = async (): Promise<Balance> => {
        await flushed;
        return balanceOf(app.report(), collector.ids);
      };
      return { collector, balance };
    };

    const expectTaken = async ({ collector, balance }: Refused): Promise<void> => {
      expect(await balance()).toEqual(WHOLE);
      expect(collector.calls).toBe(2);
    };

    const retryInfo = (retryAfterMs: number): Uint8Array =>
      encodeStatus({ code: RESOURCE_EXHAUSTED, message: 'later', retryAfterMs });

    afterEach(() => stage.close());

    it('are retried after a pause if OTLP calls them retryable', async () => {
      const all = await Promise.all(RETRIED.map((code) => refused(code)));
      await clock.pass(99);
      expect(all.map(({ collector }) => collector.calls)).toEqual(RETRIED.map(() => 1));
      await clock.pass(1.5 * SECOND);
      for (const each of all) await expectTaken(each);
    });

    it('are final and counted if OTLP does not call them retryable', async () => {
      const cases = REFUSED.map(async (code) => {
        const { app, collector } = await meet({ late: (call) => call.refuse(code) });
        app.spans(SPANS);
        await app.flush();
        const { ledger, lines } = app.report();
        return { balance: balanceOf(app.report(), collector.ids), ledger, collector, lines };
      });
      for (const { balance, ledger, collector, lines } of await Promise.all(cases)) {
        expect(balance).toEqual({ ...WHOLE, counted: SPANS });
        expect(ledger.rejected).toBe(SPANS);
        expect(collector.calls).toBe(1);
        expect(lines).toEqual([expect.stringMatching(REFUSAL)]);
      }
    });

    it('RESOURCE_EXHAUSTED is retried after the pause in its RetryInfo, and is final without one', async () => {
      const [zero, three, years] = [
        await refused(RESOURCE_EXHAUSTED, retryInfo(0)),
        await refused(RESOURCE_EXHAUSTED, retryInfo(3 * SECOND)),
        await refused(RESOURCE_EXHAUSTED, retryInfo(TEN_YEARS_MS)),
      ];
      await clock.pass(99);
      expect(zero.collector.calls).toBe(1);
      await clock.pass(1.5 * SECOND);
      await expectTaken(zero);
      await clock.pass(1.4 * SECOND);
      expect(three.collector.calls).toBe(1);
      // Chance adds up to a quarter.
      await clock.pass(0.8 * SECOND);
      await expectTaken(three);
      // A pause is a minute at most.
      await clock.pass(MINUTE - 4 * SECOND);
      expect(years.collector.calls).toBe(1);
      await clock.pass(SECOND);
      await expectTaken(years);
      for (const details of [undefined, '%%% no base64, no status']) {
        const final = await refused(RESOURCE_EXHAUSTED, details, true);
        expect(await final.balance()).toEqual({ ...WHOLE, counted: SPANS });
        expect(final.collector.calls).toBe(1);
      }
    });

    it('UNAVAILABLE on every request opens the breaker, and a probe closes it when that ends', async () => {
      let storm = true;
      const { app, collector } = await meet({
        late: (call) => (storm ? call.refuse(UNAVAILABLE) : call.accept()),
      });
      for (let batch = 0; batch < BATCHES; batch += 1) {
        app.spans(SPANS);
        void app.flush();
      }
      await clock.pauses(app);
      const opens = (): boolean => app.report().reasons.length > 0;
      while (!opens()) await clock.pass(100);
      // Five failures open it. Then a probe follows each second, and chance adds up to a quarter of a second.
      const atOpening = collector.calls;
      expect(atOpening).toBe(5);
      await clock.pass(4 * SECOND);
      expect([3, 4]).toContain(collector.calls - atOpening);
      storm = false;
      await clock.pass(2.5 * SECOND);
      expect(await app.flush()).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(collector.ids.missing(app.made)).toEqual([]);
    });

    it('UNAVAILABLE on a random half of the requests loses no span', async () => {
      const chance = seededRandom(7);
      const { app, collector } = await meet({
        late: (call) => (chance() < 0.5 ? call.refuse(UNAVAILABLE) : call.accept()),
      });
      for (let batch = 0; batch < 10; batch += 1) {
        app.spans(100);
        app.pipeline.spanProcessor?.forceFlush().catch(() => {});
      }
      expect(await clock.passDuring(app.flush())).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(app.report().lines.length).toBeLessThanOrEqual(1);
    });

    it('UNAUTHENTICATED loses only the refused spans, and a renewed token is used at once', async () => {
      const collector = await FaultyCollector.start({
        late: (call) =>
          call.headers['authorization'] === 'Bearer fresh' ? call.accept() : call.refuse(16),
      });
      stage.keep(collector, (each) => each.close());
      let asked = 0;
      let token = 'expired';
      const headers = (): Record<string, string> => {
        asked += 1;
        return { authorization: `Bearer ${token}` };
      };
      const app = stage.app({ traces: { endpoint: collector.url, headers }, worker: false });
      app.spans(SPANS);
      await app.flush();
      token = 'fresh';
      app.spans(SPANS);
      await app.flush();
      expect(asked).toBe(collector.calls);
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, counted: SPANS });
      expect(app.ledger).toMatchObject({ accepted: SPANS, rejected: SPANS });
      expect(JSON.stringify(app.report())).not.toContain('expired');
    });
  });
});
