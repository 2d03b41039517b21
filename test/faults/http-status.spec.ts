import { useLeakCheck } from '@nestlens/testing';
import { useMachine } from './fixtures/machine.js';
import type { App } from './fixtures/app.js';
import { HttpCollector } from './fixtures/http-collector.js';
import type { HttpCall } from './fixtures/http-collector.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';

/** F12, F18, F19, F21 over OTLP/HTTP. Pauses are the real ones, so each group of cases runs at the same time. */
const SPANS = 10;
const SECOND = 1000;
const MIB = 1024 * 1024;
const REFUSAL = /^warn: traces refused by 127\.0\.0\.1:\d+ \(\d+\).*; what it refuses is lost$/;

interface Met {
  readonly flushed: string;
  readonly balance: Balance;
  readonly calls: number;
  /** Between the first two requests. */
  readonly pauseMs: number;
  readonly lines: readonly string[];
}

const machine = useMachine();

describe('HTTP statuses', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();

    const meet = async (onCall: (call: HttpCall) => void): Promise<[App, HttpCollector]> => {
      const collector = await HttpCollector.start(onCall);
      stage.keep(collector, (each) => each.close());
      const traces = { protocol: 'http/protobuf', endpoint: collector.url } as const;
      // Some forty at a time: so many threads would not keep their pauses.
      const app = stage.app({ traces, worker: false });
      app.arrived = () => collector.ids.size;
      return [app, collector];
    };

    const send = async (onCall: (call: HttpCall) => void): Promise<Met> => {
      const [app, collector] = await meet(onCall);
      app.spans(SPANS);
      const { kind } = await app.flush(3500);
      const [first = 0, second = Number.NaN] = collector.at;
      const { lines } = app.report();
      const balance = balanceOf(app.report(), collector.ids);
      return { flushed: kind, balance, calls: collector.calls, pauseMs: second - first, lines };
    };

    const once = (status: number, headers?: Readonly<Record<string, string>>): Promise<Met> =>
      send((call) => (call.nth === 0 ? call.refuse(status, headers) : call.accept()));

    afterEach(() => stage.close());

    it('F19, P4, P6: 429, 502, 503 and 504 are tried again', async () => {
      for (const met of await Promise.all([429, 502, 503, 504].map((status) => once(status)))) {
        expect(met.balance).toEqual(WHOLE);
        expect(met.calls).toBe(2);
        expect(met.pauseMs).toBeGreaterThanOrEqual(100 - machine.lateMs);
      }
    });

    it('F19, P4, P6: all others are final, and counted', async () => {
      const statuses = [
        301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412,
        413, 414, 415, 422, 425, 431, 451, 500, 501, 505, 507, 511,
      ];
      const moved = { location: 'http://127.0.0.1:1/v1/traces' };
      const cases = statuses.map((status) => once(status, status < 400 ? moved : undefined));
      for (const met of await Promise.all(cases)) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1 });
        expect(met.balance).toEqual({ ...WHOLE, counted: SPANS });
        expect(met.lines).toEqual([expect.stringMatching(REFUSAL)]);
      }
    });

    it.each([429, 503])(
      'F18, P6: %d is tried again after what Retry-After asks',
      async (status) => {
        const at = (ms: number): string => new Date(Date.now() + ms).toUTCString();
        const asked = (value: string): Promise<Met> => once(status, { 'retry-after': value });
        const [second, date, hour, ...soon] = await Promise.all([
          asked('1'),
          asked(at(2 * SECOND)),
          asked('3600'),
          ...['0', '-1', at(-60_000), 'soon', '1e3', '0x10', ''].map((value) => asked(value)),
        ]);
        for (const met of soon) {
          expect(met.balance).toEqual(WHOLE);
          expect(met.pauseMs).toBeGreaterThanOrEqual(100 - machine.lateMs);
          expect(met.pauseMs).toBeLessThanOrEqual(2 * SECOND + machine.lateMs);
        }
        expect(second.balance).toEqual(WHOLE);
        expect(second.pauseMs).toBeGreaterThanOrEqual(SECOND - machine.lateMs);
        expect(date.balance).toEqual(WHOLE);
        // A date has whole seconds.
        expect(date.pauseMs).toBeGreaterThanOrEqual(SECOND - 50 - machine.lateMs);
        expect(hour).toMatchObject({ flushed: 'deadline', calls: 1 });
        expect(hour.balance).toEqual({ ...WHOLE, queued: SPANS });
      },
    );

    it('F12, P4, P11: an answer that is none of OTLP still says whether the batch was taken', async () => {
      const say = (type: string, body: Buffer): Promise<Met> =>
        send((call) => {
          call.take();
          call.response.writeHead(200, { 'content-type': type }).end(body);
        });
      const page = Buffer.from('<html>Welcome</html>');
      const taken = await Promise.all([
        say('text/html', page),
        say('application/x-protobuf', page),
        // A partial success that ends in the middle.
        say('application/x-protobuf', Buffer.from([0x0a, 0x10, 0x08])),
        say('application/json', Buffer.from('{"partialSuccess":')),
        say('', Buffer.alloc(0)),
      ]);
      for (const met of taken) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1 });
        expect(met.balance).toEqual(WHOLE);
        expect(met.lines.length).toBeLessThanOrEqual(1);
      }
      const large = await send((call) => {
        call.response.writeHead(200, { 'content-type': 'application/x-protobuf' });
        call.response.end(Buffer.alloc(5 * MIB));
      });
      expect(large.balance).toEqual({ ...WHOLE, counted: SPANS });
      expect(large.calls).toBe(1);
    });

    it('F21, P4: the header function is called for each try, and a renewed token is used', async () => {
      let asked = 0;
      const collector = await HttpCollector.start((call) => {
        if (call.nth === 0) call.refuse(503);
        else if (call.headers.authorization === 'Bearer 2') call.refuse(401);
        else call.accept();
      });
      stage.keep(collector, (each) => each.close());
      const headers = (): Record<string, string> => {
        asked += 1;
        return { authorization: `Bearer ${asked}` };
      };
      const traces = { protocol: 'http/protobuf', endpoint: collector.url, headers } as const;
      // Some forty at a time: so many threads would not keep their pauses.
      const app = stage.app({ traces, worker: false });
      for (let batch = 0; batch < 2; batch += 1) {
        app.spans(SPANS);
        await app.flush(5000);
      }
      expect(asked).toBe(3);
      expect(collector.calls).toBe(3);
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, counted: SPANS });
    });
  });
});
