import { useLeakCheck } from '@nestlens/testing';
import type { App } from './fixtures/app.js';
import { usePipelineClock } from './fixtures/pipeline-clock.js';
import { HttpCollector } from './fixtures/http-collector.js';
import type { HttpCall } from './fixtures/http-collector.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';

/** Every status and answer of OTLP/HTTP. The time of pauses is moved by hand. */
const SPANS = 10;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MIB = 1024 * 1024;
const REFUSAL = /^warn: traces refused by 127\.0\.0\.1:\d+ \(\d+\).*; what it refuses is lost$/;

interface Met {
  readonly flushed: string;
  readonly balance: Balance;
  readonly calls: number;
  readonly lines: readonly string[];
}

interface Refused {
  readonly collector: HttpCollector;
  /** When it is over. */
  readonly met: () => Promise<Met>;
}

const clock = usePipelineClock();

describe('HTTP statuses', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();

    const meet = async (onCall: (call: HttpCall) => void): Promise<[App, HttpCollector]> => {
      const collector = await HttpCollector.start(onCall);
      stage.keep(collector, (each) => each.close());
      const traces = { protocol: 'http/protobuf', endpoint: collector.url } as const;
      const app = stage.app({ traces, worker: false });
      app.arrived = () => collector.ids.size;
      return [app, collector];
    };

    const metBy = (kind: string, app: App, collector: HttpCollector): Met => {
      const { lines } = app.report();
      const balance = balanceOf(app.report(), collector.ids);
      return { flushed: kind, balance, calls: collector.calls, lines };
    };

    const send = async (onCall: (call: HttpCall) => void): Promise<Met> => {
      const [app, collector] = await meet(onCall);
      app.spans(SPANS);
      const { kind } = await app.flush();
      return metBy(kind, app, collector);
    };

    type Headers = Readonly<Record<string, string>>;

    const once =
      (status: number, headers?: Headers) =>
      (call: HttpCall): void =>
        call.nth === 0 ? call.refuse(status, headers) : call.accept();

    /** Refused once, and now in the pause after it. */
    const refused = async (status: number, headers?: Headers): Promise<Refused> => {
      const [app, collector] = await meet(once(status, headers));
      app.spans(SPANS);
      const flushed = app.flush();
      await clock.pauses(app);
      const met = async (): Promise<Met> => metBy((await flushed).kind, app, collector);
      return { collector, met };
    };

    afterEach(() => stage.close());

    it('429, 502, 503 and 504 are tried again, after a pause', async () => {
      const all = await Promise.all([429, 502, 503, 504].map((status) => refused(status)));
      await clock.pass(99);
      expect(all.map(({ collector }) => collector.calls)).toEqual([1, 1, 1, 1]);
      await clock.pass(1.5 * SECOND);
      for (const { met } of all) expect(await met()).toMatchObject({ balance: WHOLE, calls: 2 });
    });

    it('all others are final, and counted', async () => {
      const statuses = [
        301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412,
        413, 414, 415, 422, 425, 431, 451, 500, 501, 505, 507, 511,
      ];
      const moved = { location: 'http://127.0.0.1:1/v1/traces' };
      const cases = statuses.map((status) => send(once(status, status < 400 ? moved : undefined)));
      for (const met of await Promise.all(cases)) {
        expect(met).toMatchObject({ flushed: 'done', calls: 1 });
        expect(met.balance).toEqual({ ...WHOLE, counted: SPANS });
        expect(met.lines).toEqual([expect.stringMatching(REFUSAL)]);
      }
    });

    it.each([429, 503])('%d is tried again after what Retry-After asks', async (status) => {
      // A date has whole seconds, and goes by the wall clock, which no spec can stop: one of hours.
      const at = (ms: number): string => new Date(Date.now() + ms).toUTCString();
      const asked = (value: string): Promise<Refused> => refused(status, { 'retry-after': value });
      const [three, date, hour] = await Promise.all(['3', at(HOUR), '3600'].map(asked));
      const none = ['0', '-1', at(-MINUTE), 'soon', '1e3', '0x10', ''];
      const soon = await Promise.all(none.map(asked));
      const callsOf = (each: readonly (Refused | undefined)[]): (number | undefined)[] =>
        each.map((one) => one?.collector.calls);
      await clock.pass(99);
      expect(callsOf(soon)).toEqual(none.map(() => 1));
      await clock.pass(1.5 * SECOND);
      for (const { met } of soon) expect(await met()).toMatchObject({ balance: WHOLE, calls: 2 });
      await clock.pass(1.4 * SECOND);
      expect(callsOf([three])).toEqual([1]);
      // And a quarter more, by chance.
      await clock.pass(0.8 * SECOND);
      expect(await three?.met()).toMatchObject({ balance: WHOLE, calls: 2 });
      // Nobody makes us wait for more than a minute.
      await clock.pass(MINUTE - 4 * SECOND);
      expect(callsOf([date, hour])).toEqual([1, 1]);
      await clock.pass(SECOND);
      for (const each of [date, hour]) {
        expect(await each?.met()).toMatchObject({ balance: WHOLE, calls: 2 });
      }
    });

    it('an answer that is none of OTLP still says whether the batch was taken', async () => {
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

    it('the header function is called for each try, and a renewed token is used', async () => {
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
      const app = stage.app({ traces, worker: false });
      for (let batch = 0; batch < 2; batch += 1) {
        app.spans(SPANS);
        const flushed = app.flush();
        if (batch === 0) {
          await clock.pauses(app);
          await clock.pass(1.5 * SECOND);
        }
        await flushed;
      }
      expect(asked).toBe(3);
      expect(collector.calls).toBe(3);
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, counted: SPANS });
    });
  });
});
