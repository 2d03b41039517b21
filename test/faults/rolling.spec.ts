import { useLeakCheck } from '@nestlens/testing';
import { counted } from './fixtures/span-ledger.js';
import { CollectorProcess } from './fixtures/collector-process.js';
import { PROTOCOLS, tracesTo } from './fixtures/destination.js';
import { NetworkNamespace, inNamespace } from './fixtures/network-namespace.js';
import { NameServer } from './fixtures/name-server.js';
import { Stage } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * Three collectors behind one name are restarted one after the other. The name server always answers in the
 * same order, like resolvers that sort, and keeps the address of the collector that is down. Connections are
 * replaced after 0.2 s, so 10 s (of the promised 30 s) have fifty of them. The chance that they all miss one of
 * three collectors is 1 in 10^8.
 */
const NAME = 'collectors.test';
const HOSTS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const RATE = 200;

describe('three collectors', () => {
  useLeakCheck();

  describe('behind one name', () => {
    const stage = new Stage();

    afterEach(() => stage.close());

    it(
      'lose no span when they restart in turn, and each gets its share again',
      inNamespace(async () => {
        const network = stage.keep(await NetworkNamespace.start(), (each) => each.close());
        await network.addAddresses(...HOSTS);
        const names = stage.keep(await NameServer.start(network), (each) => each.kill());
        await names.say(NAME, { a: HOSTS });
        const collectors: CollectorProcess[] = [];
        for (const host of HOSTS) {
          const { grpcPort, httpPort } = collectors[0] ?? { grpcPort: 0, httpPort: 0 };
          const place = { network, host, grpcPort, httpPort };
          collectors.push(await stage.collector(place));
        }
        const apps = await Promise.all(
          PROTOCOLS.map(async (protocol) => {
            const traces = tracesTo(protocol, NAME, collectors[0]!);
            const options = { name: protocol, traces, sealAfterMs: 50, pool: { maxAgeMs: 200 } };
            return { protocol, app: await stage.appProcess(options, { network }) };
          }),
        );
        const shares = (collector: CollectorProcess): Promise<number[]> =>
          Promise.all(PROTOCOLS.map((name) => collector.arrivedOf(name)));
        /** Resolves when each collector has got new spans of each app. */
        const balanced = async (): Promise<void> => {
          await Promise.all(
            collectors.map(async (collector) => {
              const before = await shares(collector);
              const isBalanced = async (): Promise<boolean> =>
                (await shares(collector)).every((count, at) => count > (before[at] ?? 0));
              await until(isBalanced, 'a share for each');
            }),
          );
        };

        for (const { app } of apps) await app.pace(RATE);
        await balanced();
        for (const collector of collectors) {
          await collector.down();
          await lasting(700);
          await collector.up();
        }
        await balanced();

        let possible = 0;
        let doubles = 0;
        for (const { app, protocol } of apps) {
          const made = await app.rest();
          expect(await app.flush()).toEqual({ kind: 'done' });
          const missing = await Promise.all(collectors.map((each) => each.missing(made, protocol)));
          const nowhere = missing.reduce((some, others) =>
            some.filter((id) => others.includes(id)),
          );
          expect(nowhere).toEqual([]);
          const { ledger, broken, lines } = await app.report();
          expect(broken).toEqual([]);
          expect([ledger.accepted, counted(ledger), ledger.queued]).toEqual([made, 0, 0]);
          expect(lines.length).toBeLessThanOrEqual(2);
          possible += ledger.possibleDuplicates;
          // Spans that came to two collectors.
          doubles += missing.reduce((sum, { length }) => sum + made - length, -made);
        }
        // Spans that came to one of them twice.
        for (const each of collectors) doubles += (await each.counts()).doubles;
        expect(doubles).toBeLessThanOrEqual(possible);
      }),
    );
  });
});
