import { useLeakCheck } from '@nestlens/testing';
import type { AppProcess } from './fixtures/app-process.js';
import { CollectorProcess } from './fixtures/collector-process.js';
import { PROTOCOLS, tracesTo } from './fixtures/destination.js';
import type { Protocol } from './fixtures/destination.js';
import { NetworkNamespace, inNamespace } from './fixtures/network-namespace.js';
import { delayRatio, MAX_DELAY_RATIO } from './fixtures/loop-delay.js';
import type { LoopDelay } from './fixtures/loop-delay.js';
import { NameServer } from './fixtures/name-server.js';
import type { NameAnswer } from './fixtures/name-server.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Faults of name resolution. The system's own resolver asks our name server, on a network of its own: nothing between
 * the export worker and the wire is replaced. Connections grow old after 0.5 s instead of 5 min if a test says so.
 */
const NAME = 'collector.test';
const [HOME, NEW_HOME] = ['192.0.2.1', '192.0.2.2'] as const;
const [DEAD_V6, OUR_V6] = ['2001:db8::9', '2001:db8::1'] as const;
const RATE = 200;

interface Met {
  readonly protocol: Protocol;
  readonly app: AppProcess;
  readonly collector: CollectorProcess;
}

describe('names', () => {
  useLeakCheck();

  describe('of a collector', () => {
    const stage = new Stage();
    let network: NetworkNamespace;
    let names: NameServer;

    /** An app and a collector for each protocol, while the name is unknown. */
    const meet = async (
      answer: NameAnswer,
      { maxAgeMs = 300_000, answerWithinS = 1 } = {},
    ): Promise<readonly Met[]> => {
      network = stage.keep(await NetworkNamespace.start(answerWithinS), (each) => each.close());
      await network.addAddresses(HOME, NEW_HOME);
      names = stage.keep(await NameServer.start(network), (each) => each.kill());
      await names.say(NAME, answer);
      return Promise.all(
        PROTOCOLS.map(async (protocol) => {
          const collector = await stage.collector({ network, host: HOME });
          const traces = tracesTo(protocol, NAME, collector);
          const options = { traces, sealAfterMs: 100, pool: { maxAgeMs } };
          return { protocol, collector, app: await stage.appProcess(options, { network }) };
        }),
      );
    };

    const balance = async ({ app, collector }: Met): Promise<Balance> => {
      const { arrived: size, doubles } = await collector.counts();
      return balanceOf(await app.report(), { size, doubles });
    };

    const allOf = <T>(met: readonly Met[], what: (each: Met) => Promise<T>): Promise<T[]> =>
      Promise.all(met.map((each) => what(each)));

    const madeBy = async (met: readonly Met[]): Promise<number> =>
      (await allOf(met, ({ app }) => app.report())).reduce((sum, { made }) => sum + made, 0);

    /** The reason why it does not try the collector, if it does not. */
    const reasonOf = async ({ app }: Met): Promise<string | undefined> => {
      await until(async () => (await app.report()).reasons.length > 0);
      return (await app.report()).reasons[0];
    };

    afterEach(() => stage.close());

    it.each([
      ['NXDOMAIN', 'ENOTFOUND'],
      ['SERVFAIL', 'EAI_AGAIN'],
    ] as const)(
      '%s costs nothing but time, and is not remembered',
      inNamespace(async (failure: 'NXDOMAIN' | 'SERVFAIL', reason: string) => {
        const met = await meet({ failure });
        await allOf(met, ({ app }) => app.pace(RATE));
        expect(await allOf(met, reasonOf)).toEqual(PROTOCOLS.map(() => reason));
        const before = await names.asked(NAME);
        const madeBefore = await madeBy(met);
        await lasting(2000);
        // A probe for each second's spans of an app, and one that was due, for two types of address.
        const asked = (await names.asked(NAME)) - before;
        const made = (await madeBy(met)) - madeBefore;
        expect(asked).toBeLessThanOrEqual((made / RATE + met.length) * 2);
        await names.say(NAME, { a: [HOME] });
        await allOf(met, ({ app }) => app.rest());
        for (const { app, ...each } of met) {
          expect(await app.flush()).toEqual({ kind: 'done' });
          expect(await balance({ app, ...each })).toEqual(WHOLE);
          const { ledger, lines } = await app.report();
          expect(ledger.possibleDuplicates).toBe(0);
          expect(lines).toEqual([expect.stringContaining(`${NAME}:`)]);
          expect(lines).toEqual([expect.stringContaining(`: ${reason};`)]);
        }
      }),
    );

    it(
      'a name server that is silent holds up neither the app nor its own lookups',
      inNamespace(async () => {
        const met = await meet({ failure: 'silence' }, { answerWithinS: 5 });
        await names.say('database.test', { a: [HOME] });
        await allOf(met, ({ app }) => app.pace(RATE));
        // Its loop is observed from here on.
        await allOf(met, ({ app }) => app.report());
        const looks: LoopDelay[][] = met.map(() => []);
        // A lookup that waited for one that hangs would see it end, and the next one asked. Of three, one at least meets none
        // that ends by chance.
        const endedMeanwhile: number[] = [];
        for (let second = 0; second < 3; second += 1) {
          await lasting(1000);
          const reports = await allOf(met, ({ app }) => app.report());
          for (const [at, { loop }] of reports.entries()) looks[at]?.push(loop);
          const before = await names.asked(NAME);
          await allOf(met, ({ app }) => app.lookup('database.test'));
          endedMeanwhile.push((await names.asked(NAME)) - before);
        }
        expect(Math.min(...endedMeanwhile)).toBe(0);
        for (const each of looks) expect(delayRatio(each)).toBeLessThanOrEqual(MAX_DELAY_RATIO);
        await names.say(NAME, { a: [HOME] });
        await allOf(met, ({ app }) => app.rest());
        // The pending lookup is answered, or fails, within 5 s.
        for (const each of met) {
          // A flush may still meet that lookup. The next one starts another.
          const first = await each.app.flush();
          const last = first.kind === 'unreachable' ? await each.app.flush() : first;
          expect(last).toEqual({ kind: 'done' });
          expect(await balance(each)).toEqual(WHOLE);
          expect((await each.app.report()).ledger.possibleDuplicates).toBe(0);
        }
      }),
    );

    it(
      'an address that changes is found, when the old one is gone',
      inNamespace(async () => {
        const met = await meet({ a: [HOME] });
        await allOf(met, ({ app }) => app.pace(RATE));
        for (const { collector } of met) {
          await until(async () => (await collector.counts()).arrived > 0);
        }
        await names.say(NAME, { a: [NEW_HOME] });
        await allOf(met, ({ collector }) => collector.down());
        await lasting(1000);
        await allOf(met, ({ collector }) => collector.up({ host: NEW_HOME }));
        await allOf(met, ({ app }) => app.rest());
        for (const { app, collector } of met) {
          expect(await app.flush()).toEqual({ kind: 'done' });
          const { arrived: size, doubles } = await collector.counts();
          const report = await app.report();
          expect(balanceOf(report, { size, doubles })).toEqual({ ...WHOLE, doubles });
          expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
        }
      }),
    );

    it(
      'an address that changes is found, when the old one still works (0.5 s of 5 min)',
      inNamespace(async () => {
        const met = await meet({ a: [HOME] }, { maxAgeMs: 500 });
        await allOf(met, ({ app }) => app.pace(RATE));
        for (const { collector, app, protocol } of met) {
          await until(async () => (await collector.counts()).arrived > 0);
          const { grpcPort, httpPort } = collector;
          const place = { network, host: NEW_HOME, grpcPort, httpPort };
          const heir = await stage.collector(place);
          await names.say(NAME, { a: [NEW_HOME] });
          const { requests } = await collector.counts();
          await until(async () => (await heir.counts()).arrived > 0);
          // 600 ms at most on each of two connections, at a request each 100 ms.
          const more = (await collector.counts()).requests - requests;
          expect([protocol, more <= 2 * 8]).toEqual([protocol, true]);
          await app.rest();
          expect(await app.flush()).toEqual({ kind: 'done' });
          const [before, after] = [await collector.counts(), await heir.counts()];
          const size = before.arrived + after.arrived;
          const doubles = before.doubles + after.doubles;
          expect(balanceOf(await app.report(), { size, doubles })).toEqual(WHOLE);
          await names.say(NAME, { a: [HOME] });
        }
      }),
    );

    it(
      'the first of two addresses is dead, for which no attempt fails',
      inNamespace(async () => {
        const met = await meet({ aaaa: [DEAD_V6], a: [HOME] });
        // With an address of ours of the same kind resolvers put it first.
        await network.addAddresses(OUR_V6);
        await network.breakRoute(DEAD_V6, 'hole');
        for (const each of met) {
          expect(await each.app.lookup(NAME)).toEqual([DEAD_V6, HOME]);
          await each.app.spans(100);
          expect(await each.app.flush()).toEqual({ kind: 'done' });
          expect(await balance(each)).toEqual(WHOLE);
          const { lines, ledger } = await each.app.report();
          expect([lines, ledger.possibleDuplicates]).toEqual([[], 0]);
        }
      }),
    );
  });
});
