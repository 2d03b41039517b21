import { readdir } from 'node:fs/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { SpoolSettings } from '../../libs/otlp/src/pipeline/pipeline-options.js';
import type { AppProcess } from './fixtures/app-process.js';
import type { CollectorProcess } from './fixtures/collector-process.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/**
 * When a process dies of an exception, or its worker hangs at the end, the main thread writes the telemetry in memory
 * to disk.
 */
const SPANS = 5000;
const killable = new URL('./fixtures/killable.mjs', import.meta.url).href;

describe('an end that nobody planned', () => {
  useLeakCheck();

  describe('of an app with a spool', () => {
    const stage = new Stage();
    let directory: string;
    let collector: CollectorProcess;
    let proxy: FaultProxy;

    const start = (name: string, settings: Partial<SpoolSettings> = {}): Promise<AppProcess> =>
      stage.appProcess(
        {
          name,
          traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
          spool: { directory, onCrash: true, ...settings },
        },
        { quiet: true },
      );

    /** Another process sends all of `made`, and leaves nothing on disk. */
    const expectDelivered = async (made: number, name: string): Promise<void> => {
      await proxy.up();
      const next = await start('next');
      await until(async () => (await collector.counts()).arrived >= made, `${made} spans`);
      await until(async () => (await next.report()).ledger.spooled === 0);
      expect(await collector.missing(made, name)).toEqual([]);
      const { ledger, broken } = await next.report();
      expect(broken).toEqual([]);
      expect(ledger).toMatchObject({
        dropped: {},
        rejected: 0,
        queued: 0,
        accepted: ledger.restored,
      });
      // Batches that the dying process was writing to disk itself may be there twice.
      const { doubles } = await collector.counts();
      expect(doubles).toBeLessThanOrEqual(ledger.restored - made);
    };

    beforeEach(async () => {
      directory = await stage.directory();
      ({ collector, proxy } = await stage.route());
    });
    afterEach(() => stage.close());

    it.each(['overflow', 'always'] as const)(
      'an exception that nobody catches loses nothing (durable: %s)',
      async (durable) => {
        await proxy.down();
        const app = await start('dying', { durable });
        await app.spans(SPANS);
        expect(await app.die()).toBe(1);
        await expectDelivered(SPANS, 'dying');
      },
    );

    it('exceptions that the app survives, under load, save nothing and send nothing twice', async () => {
      const app = await start('surviving');
      await app.pace(1000);
      for (let exception = 0; exception < 5; exception += 1) {
        await app.call('throw', 'caught');
        await lasting(300);
      }
      await app.rest();
      await app.flush();
      const report = await app.report();
      const { arrived: size, doubles } = await collector.counts();
      const [first, ...others] = report.broken;
      expect([first, others]).toEqual([expect.stringContaining('uncaught'), Array(4).fill(first)]);
      expect(balanceOf({ ...report, broken: [] }, { size, doubles })).toEqual(WHOLE);
      expect(report.ledger.possibleDuplicates).toBe(0);
      expect(await readdir(directory)).toHaveLength(1);
    });

    it('a shutdown whose thread hangs ends at its deadline, with everything on disk', async () => {
      await proxy.down();
      const channel = stage.keep(new BroadcastChannel('hang'), async (each) => each.close());
      const { entry, execArgv } = FROM_WORKER;
      const app = stage.app({
        name: 'hanging',
        traces: { endpoint: `http://127.0.0.1:${proxy.port}` },
        worker: { entry, execArgv: [...execArgv, '--import', `${killable}?hang`] },
        spool: { directory },
      });
      await until(() => app.report().hasSpool);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
      channel.postMessage('hang');
      app.spans(SPANS);
      const deadline = new AbortController();
      const ended = app.shutdown(deadline.signal);
      deadline.abort();
      // A caller that waits for the worker would wait for ever.
      const { kind, ledger } = await ended;
      expect(kind).toBe('deadline');
      expect(ledger.traces).toMatchObject({
        created: SPANS,
        spooled: SPANS,
        queued: 0,
        dropped: {},
      });
      expect(app.report().broken).toEqual([]);
      await expectDelivered(SPANS, 'hanging');
    });
  });
});
