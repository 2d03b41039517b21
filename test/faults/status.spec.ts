import { PATIENCE_MS, useLeakCheck } from '@nestlens/testing';
import { encodeStatus } from '@nestlens/otlp/wire';
import { useMachine } from './fixtures/machine.js';
import { App } from './fixtures/app.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { lasting } from './fixtures/until.js';
import { UnrulyCollector } from './fixtures/unruly-collector.js';
import type { Manners } from './fixtures/unruly-collector.js';

/** F16, F17, F19, F21 over gRPC. Pauses are the real ones, so each group of cases runs at the same time. */
const UNAVAILABLE = 14;
const RESOURCE_EXHAUSTED = 8;
const SPANS = 10;
const SECOND = 1000;
const TEN_YEARS_MS = 10 * 365 * 24 * 3600 * SECOND;

const REFUSAL =
  /^warn: traces refused by 127\.0\.0\.1:\d+ \([A-Z_]+\): unruly.*; what it refuses is lost$/;
const RETRIED = [1, 4, 10, 11, 14, 15];
const REFUSED = [2, 3, 5, 6, 7, 8, 9, 12, 13, 16];

const machine = useMachine();

describe('gRPC statuses', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();

    const meet = async (manners: Manners): Promise<{ app: App; collector: UnrulyCollector }> => {
      const collector = await UnrulyCollector.start(manners);
      stage.keep(collector, (each) => each.close());
      const app = stage.app({ traces: { endpoint: collector.url } });
      app.arrived = () => collector.ids.size;
      return { app, collector };
    };

    /** Pauses between the requests that came, in ms. */
    const pauses = ({ at }: UnrulyCollector): number[] =>
      at.slice(1).map((time, before) => time - (at[before] ?? 0));

    const exhausted = async (details?: Uint8Array | string, flushMs = PATIENCE_MS) => {
      const { app, collector } = await meet({
        late: (call) => (call.nth === 0 ? call.refuse(RESOURCE_EXHAUSTED, details) : call.accept()),
      });
      app.spans(SPANS);
      const flushed = await app.flush(flushMs);
      return { flushed: flushed.kind, balance: balanceOf(app.report(), collector.ids), collector };
    };

    const retryInfo = (retryAfterMs: number): Uint8Array =>
      encodeStatus({ code: RESOURCE_EXHAUSTED, message: 'later', retryAfterMs });

    afterEach(() => stage.close());

    it('F19, P4, P6: are tried again, once the pause is over, where OTLP says so', async () => {
      const cases = RETRIED.map(async (code) => {
        const { app, collector } = await meet({
          late: (call) => (call.nth === 0 ? call.refuse(code) : call.accept()),
        });
        app.spans(SPANS);
        await app.flush(PATIENCE_MS);
        const soonest = Math.min(...pauses(collector));
        return { balance: balanceOf(app.report(), collector.ids), calls: collector.calls, soonest };
      });
      for (const { balance, calls, soonest } of await Promise.all(cases)) {
        expect(balance).toEqual(WHOLE);
        expect(calls).toBe(2);
        expect(soonest).toBeGreaterThanOrEqual(100 - machine.lateMs);
      }
    });

    it('F19, P4, P6: are final, and counted, where it does not', async () => {
      const cases = REFUSED.map(async (code) => {
        const { app, collector } = await meet({ late: (call) => call.refuse(code) });
        app.spans(SPANS);
        await app.flush(PATIENCE_MS);
        const { books, lines } = app.report();
        return { balance: balanceOf(app.report(), collector.ids), books, collector, lines };
      });
      for (const { balance, books, collector, lines } of await Promise.all(cases)) {
        expect(balance).toEqual({ ...WHOLE, counted: SPANS });
        expect(books.rejected).toBe(SPANS);
        expect(collector.calls).toBe(1);
        expect(lines).toEqual([expect.stringMatching(REFUSAL)]);
      }
    });

    it('F17, P6: RESOURCE_EXHAUSTED is tried again after what its RetryInfo asks', async () => {
      const [none, zero, second, years, garbage] = await Promise.all([
        exhausted(),
        exhausted(retryInfo(0)),
        exhausted(retryInfo(SECOND)),
        exhausted(retryInfo(TEN_YEARS_MS), 3500),
        exhausted('%%% no base64, no status'),
      ]);
      expect(zero.balance).toEqual(WHOLE);
      expect(pauses(zero.collector)[0]).toBeGreaterThanOrEqual(100 - machine.lateMs);
      expect(second.balance).toEqual(WHOLE);
      expect(pauses(second.collector)[0]).toBeGreaterThanOrEqual(SECOND - machine.lateMs);
      expect(pauses(second.collector)[0]).toBeLessThanOrEqual(2 * SECOND + machine.lateMs);
      // At most a minute, which this test does not wait for: kept, and not asked again.
      expect(years.flushed).toBe('deadline');
      expect(years.balance).toEqual({ ...WHOLE, queued: SPANS });
      expect(years.collector.calls).toBe(1);
      for (const final of [none, garbage]) {
        expect(final.balance).toEqual({ ...WHOLE, counted: SPANS });
        expect(final.collector.calls).toBe(1);
      }
    });

    it('F16, P4, P7: a storm of UNAVAILABLE opens the breaker, and is over at once when it is', async () => {
      let storm = true;
      const { app, collector } = await meet({
        late: (call) => (storm ? call.refuse(UNAVAILABLE) : call.accept()),
      });
      app.pace(1000);
      await lasting(4000);
      storm = false;
      const made = app.rest();
      expect(pauses(collector).every((pause) => pause >= 95 - machine.lateMs)).toBe(true);
      // Five failures open it; then a probe a second.
      expect(collector.calls).toBeLessThanOrEqual(5 + 4 + machine.lateMs / 1000);
      const startedAt = performance.now();
      expect(await app.flush(PATIENCE_MS)).toEqual({ kind: 'done' });
      expect(performance.now() - startedAt).toBeLessThanOrEqual(2500 + machine.lateMs);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(collector.ids.missing(made)).toEqual([]);
    });

    it('F16, P4, P7: every second answer UNAVAILABLE, by chance, loses nothing', async () => {
      let seed = 7;
      const chance = (): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const { app, collector } = await meet({
        late: (call) => (chance() < 0.5 ? call.refuse(UNAVAILABLE) : call.accept()),
      });
      for (let batch = 0; batch < 10; batch += 1) {
        app.spans(100);
        app.pipeline.spanProcessor?.forceFlush().catch(() => {});
      }
      expect(await app.flush(PATIENCE_MS)).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(app.report().lines.length).toBeLessThanOrEqual(1);
    });

    it('F21, P4: a token that expired costs what was refused; a renewed one is used at once', async () => {
      const collector = await UnrulyCollector.start({
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
      const app = stage.app({ traces: { endpoint: collector.url, headers } });
      app.spans(SPANS);
      await app.flush(PATIENCE_MS);
      token = 'fresh';
      app.spans(SPANS);
      await app.flush(PATIENCE_MS);
      expect(asked).toBe(collector.calls);
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, counted: SPANS });
      expect(app.books).toMatchObject({ accepted: SPANS, rejected: SPANS });
      expect(JSON.stringify(app.report())).not.toContain('expired');
    });
  });
});
