import { useLeakCheck } from '@nestlens/testing';
import type { AppProcess } from './fixtures/app-process.js';
import { CollectorProcess } from './fixtures/collector-process.js';
import { PROTOCOLS, tracesTo } from './fixtures/destination.js';
import type { Protocol } from './fixtures/destination.js';
import { NetworkNamespace, inNamespace } from './fixtures/network-namespace.js';
import type { RouteFault } from './fixtures/network-namespace.js';
import { delayRatio, MAX_DELAY_RATIO } from './fixtures/loop-delay.js';
import type { LoopDelay } from './fixtures/loop-delay.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Routes in a network namespace of the spec's own make the collector unreachable. A connection that nobody
 * answers ends after 0.3 s instead of 3 s, so that silent peers cause as much work as possible.
 * NESTLENS_FAULTS_LONG=1 uses the default.
 */
const RATIO = process.env['NESTLENS_FAULTS_LONG'] === '1' ? 1 : 10;
const ADDRESSES: readonly (readonly [RouteFault, string, string])[] = [
  ['unreachable', '192.0.2.1', 'EHOSTUNREACH'],
  ['prohibit', '192.0.2.2', 'EACCES'],
  ['blackhole', '192.0.2.3', 'EINVAL'],
];
const HOLE = '192.0.2.4';
const RATE = 200;
const WATCHED_S = 2;

describe('without a route', () => {
  useLeakCheck();

  describe('to the collector', () => {
    const stage = new Stage();
    let network: NetworkNamespace;
    let collector: CollectorProcess;

    const settle = async (): Promise<void> => {
      network = stage.keep(await NetworkNamespace.start(), (each) => each.close());
      collector = await stage.collector({ network, host: '0.0.0.0' });
    };

    /** The app's spans carry its name. */
    const start = (
      protocol: Protocol,
      name: string,
      address: string,
      connectTimeoutMs = 3000,
    ): Promise<AppProcess> =>
      stage.appProcess(
        {
          name,
          traces: tracesTo(protocol, address, collector),
          sealAfterMs: 100,
          pool: { connectTimeoutMs },
        },
        { network },
      );

    const leavesAlone = async (app: AppProcess, reason: string): Promise<void> => {
      await until(async () => (await app.report()).reasons.length > 0);
      expect((await app.report()).reasons).toEqual([reason]);
    };

    const madeBy = async (apps: readonly { readonly app: AppProcess }[]): Promise<number> => {
      const reports = await Promise.all(apps.map(({ app }) => app.report()));
      return reports.reduce((sum, { made }) => sum + made, 0);
    };

    /** Checks that all spans arrive, once the route works again. */
    const expectWhole = async (app: AppProcess, name: string, reason: string): Promise<void> => {
      const made = await app.rest();
      expect(await app.flush()).toEqual({ kind: 'done' });
      const report = await app.report();
      const size = made - (await collector.missing(made, name)).length;
      const { doubles } = await collector.counts();
      expect(balanceOf(report, { size, doubles })).toEqual(WHOLE);
      // Spans that never had a connection cannot have arrived.
      expect(report.ledger.possibleDuplicates).toBe(0);
      expect(report.lines).toEqual([expect.stringContaining(`: ${reason};`)]);
    };

    afterEach(() => stage.close());

    it(
      `an attempt whose packets vanish ends after 3 s (1/${RATIO} of it), and no span is lost`,
      inNamespace(async () => {
        await settle();
        await network.breakRoute(HOLE, 'hole');
        const apps = await Promise.all(
          PROTOCOLS.map(async (protocol) => ({
            protocol,
            app: await start(protocol, protocol, HOLE, 3000 / RATIO),
          })),
        );
        for (const { app } of apps) await app.pace(RATE);
        for (const { app } of apps) await leavesAlone(app, 'connect_timeout');
        const before = await network.opened();
        // From here on the loops are measured.
        const madeBefore = await madeBy(apps);
        const looks: LoopDelay[][] = apps.map(() => []);
        for (let second = 0; second < WATCHED_S; second += 1) {
          await lasting(1000);
          for (const [at, { app }] of apps.entries()) looks[at]?.push((await app.report()).loop);
        }
        // Each second's spans lead to at most one attempt, and each app had one that was due.
        const opened = (await network.opened()) - before;
        const made = (await madeBy(apps)) - madeBefore;
        expect(opened).toBeLessThanOrEqual(made / RATE + PROTOCOLS.length);
        for (const each of looks) expect(delayRatio(each)).toBeLessThanOrEqual(MAX_DELAY_RATIO);
        await network.restoreRoute(HOLE);
        for (const { app, protocol } of apps) await expectWhole(app, protocol, 'connect_timeout');
      }),
    );

    it.each(PROTOCOLS)(
      "an attempt that this machine's routes refuse fails at once, and no span is lost (%s)",
      inNamespace(async (protocol: Protocol) => {
        await settle();
        const apps = await Promise.all(
          ADDRESSES.map(async ([way, address, reason]) => {
            await network.breakRoute(address, way);
            return { way, address, reason, app: await start(protocol, way, address) };
          }),
        );
        for (const { app } of apps) await app.pace(RATE);
        for (const { app, reason } of apps) await leavesAlone(app, reason);
        const before = await Promise.all(apps.map(({ app }) => app.report()));
        await lasting(WATCHED_S * 1000);
        for (const [at, { app, address, way, reason }] of apps.entries()) {
          const { made, reconnects } = await app.report();
          const more = reconnects - (before[at]?.reconnects ?? 0);
          // An app's report about its exporters may be a second old.
          const due = (made - (before[at]?.made ?? 0)) / RATE;
          expect(more).toBeLessThanOrEqual(due + 2);
          expect(reconnects > 0).toBe(protocol === 'grpc');
          await network.restoreRoute(address);
          await expectWhole(app, way, reason);
        }
      }),
    );
  });
});
