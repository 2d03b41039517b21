import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { ProcessReport } from './fixtures/app-process.js';
import { droppedAtEnd } from './fixtures/span-ledger.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { simulated } from './fixtures/disk-fault.js';
import type { SimulatedFault } from './fixtures/disk-fault.js';
import { wasBlocked } from './fixtures/loop-delay.js';
import { Stage } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/** The shutdown of an app whose collector is away and whose disk fails. The disks are simulated. */
const RATE = 500;
const DEADLINE_MS = 1000;
const TROUBLE_MS = 700;
const SYNC_MS = 2000;

const troubles: readonly (readonly [string, SimulatedFault])[] = [
  ['takes 2 s for each sync', { syncMs: SYNC_MS }],
  ['hangs', { hangs: true }],
];
const cases = troubles.flatMap(([name, trouble]) =>
  (['overflow', 'always'] as const).map((durable) => ({ name, trouble, durable })),
);

describe('a shutdown', () => {
  useLeakCheck();

  describe('over a disk in trouble', () => {
    const stage = new Stage();
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    beforeEach(async () => {
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    const held = ({ ledger: { queued, spooled } }: ProcessReport): number => queued + spooled;

    it.each(cases)(
      'that $name ends at its deadline, holds up no timer and counts all of it (durable: $durable)',
      async ({ trouble, durable }) => {
        const directory = await stage.directory();
        const options = {
          traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
          spool: { directory, durable },
          sealAfterMs: 100,
        };
        const disk = simulated(trouble);
        const app = await stage.appProcess(options, disk.launch);
        await app.opened();
        await proxy.down();
        await app.pace(RATE);
        await until(async () => (await app.report()).ledger.spooled > 0, 'the spool');
        await disk.begin(app);
        await lasting(TROUBLE_MS);
        const made = await app.rest();
        expect(held(await app.report())).toBe(made);
        const report = await app.shutdown(DEADLINE_MS);
        // A timer that waited for the disk would be late by a sync, or by the time that a hanging disk blocks its
        // callers.
        expect(wasBlocked((await app.report()).loop, SYNC_MS)).toBe(false);
        const { spooled, queued, accepted } = report.ledger.traces;
        const { left: lost, others } = droppedAtEnd(report.ledger.traces);
        expect({ queued, accepted, others }).toEqual({ queued: 0, accepted: 0, others: {} });
        expect(spooled + lost).toBe(made);
        // Writes that a slow disk accepted survive the process, synced or not. A disk that hangs accepts none.
        expect(lost > 0).toBe(trouble.hangs === true);
        await app.kill();
        await proxy.up();
        const next = await stage.appProcess(options);
        const arrived = async (): Promise<boolean> => (await collector.counts()).arrived >= spooled;
        await until(arrived, `${spooled} spans of the one before`);
        await next.shutdown();
        expect((await collector.missing(made)).length).toBeLessThanOrEqual(lost);
      },
    );
  });
});
