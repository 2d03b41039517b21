import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { HeaderValues } from '../../libs/otlp/src/transport/headers.js';
import { idsAt } from './fixtures/arrivals.js';
import { PROTOCOLS, tracesTo } from './fixtures/destination.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/** The function that is asked for a token before each attempt fails, and works again later. */
const RATE = 50;
const TOKEN = 'canary-token';
const THREW = /the function for headers threw, .*; trying again$/;
const TOO_LONG = /the function for headers takes too long; its answer is used when it comes$/;

const faults: readonly (readonly [string, () => HeaderValues | Promise<HeaderValues>])[] = [
  ['never answers', () => new Promise<never>(() => {})],
  [
    'throws',
    () => {
      throw new Error(`no ${TOKEN}`);
    },
  ],
  ['rejects', () => Promise.reject(new Error(`no ${TOKEN}`))],
  ['gives what cannot be sent', () => ({ authorization: `Bearer ${TOKEN}\r\nevil: 1` })],
  ['gives nothing', () => undefined as unknown as HeaderValues],
];

describe('headers', () => {
  useLeakCheck();

  describe.each(PROTOCOLS)('of a function, under %s', (protocol) => {
    const stage = new Stage();

    afterEach(() => stage.close());

    it('that fails cost nothing but time, and are asked for again', async () => {
      const cases = await Promise.all(
        faults.map(async ([fault, fail], at) => {
          const server = stage.keep(await ScriptedOtlpServer.start(), (each) => each.close());
          const state = { failing: true, asked: 0 };
          const headers = (): HeaderValues | Promise<HeaderValues> => {
            state.asked += 1;
            return state.failing ? fail() : { authorization: `Bearer ${TOKEN}` };
          };
          const traces = { ...tracesTo(protocol, '127.0.0.1', server), headers };
          // One of them across the threads.
          const worker = at === 0 && FROM_WORKER;
          return { fault, server, state, app: stage.app({ traces, worker, maxBytes: 1 << 20 }) };
        }),
      );
      for (const { app } of cases) app.pace(RATE);
      for (const { app } of cases) await until(() => app.report().reasons.length > 0);
      const settled = cases.map(async ({ app, fault, server, state }) => {
        const reason = fault === 'never answers' ? 'headers_timeout' : 'headers';
        expect([fault, app.report().reasons]).toEqual([fault, [reason]]);
        expect([fault, server.requests()]).toEqual([fault, []]);
        // Five, those under way with the fifth, and then one for each second's spans.
        expect(state.asked).toBeLessThanOrEqual(10 + app.made / RATE);
        state.failing = false;
        app.rest();
        expect([fault, await app.flush()]).toEqual([fault, { kind: 'done' }]);
        const { possibleDuplicates } = app.ledger;
        const balance = balanceOf(app.report(), idsAt(server));
        expect([fault, possibleDuplicates, balance]).toEqual([fault, 0, WHOLE]);
        const { lines } = app.report();
        expect(lines).toEqual([
          expect.stringMatching(fault === 'never answers' ? TOO_LONG : THREW) as string,
        ]);
        expect(JSON.stringify([app.report(), app.pipeline.stats()])).not.toContain(TOKEN);
      });
      await Promise.all(settled);
    });
  });
});
