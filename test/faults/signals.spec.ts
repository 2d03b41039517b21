import { BroadcastChannel } from 'node:worker_threads';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import type { FaultProxy } from '@nestlens/testing';
import type { PipelineOptions } from '../../libs/otlp/src/pipeline/pipeline-options.js';
import { SIGNALS } from '../../libs/otlp/src/wire/model.js';
import { AllSignals, NOTHING } from './fixtures/all-signals.js';
import { droppedAtEnd } from './fixtures/span-ledger.js';
import { FROM_WORKER, Stage } from './fixtures/stage.js';
import { lasting, until } from './fixtures/until.js';

/** The worker exports spans, log records and metrics at once. Metrics take no slabs. */
const OUTAGE_MS = 3000;
const MIB = 1024 * 1024;
const killable = new URL('./fixtures/killable.mjs', import.meta.url).href;

describe('traces, metrics and logs', () => {
  useLeakCheck();

  describe('of one app', () => {
    const stage = new Stage();
    let server: ScriptedOtlpServer;
    let proxy: FaultProxy;

    const app = (name: string, options: PipelineOptions = {}): AllSignals => {
      const endpoint = `http://127.0.0.1:${proxy.port}`;
      const made = new AllSignals(name, endpoint, { worker: FROM_WORKER, ...options });
      return stage.keep(made, (each) => each.shutdown(200));
    };

    /** Resolves when the ledger has neither queued nor spooled items. */
    const delivered = async (all: AllSignals): Promise<void> => {
      await all.rest();
      const left = (): number =>
        SIGNALS.reduce((sum, of) => sum + all.ledger[of].queued + all.ledger[of].spooled, 0);
      await until(() => left() === 0, 'the rest');
    };

    beforeEach(async () => {
      server = stage.keep(await ScriptedOtlpServer.start(), (each) => each.close());
      proxy = await stage.proxy(server.grpcPort);
    });
    afterEach(() => stage.close());

    it.each([
      ['refused', () => proxy.down(), () => proxy.up()],
      ['half-open', async () => proxy.set({ blackHole: true }), async () => proxy.set({})],
    ])('survive a collector that is %s for 3 s', async (_name, down, up) => {
      const all = app('memory', { pool: { keepaliveMs: 500, keepaliveTimeoutMs: 500 } });
      all.pace();
      await server.waitForMetrics((metrics) => metrics.length > 2);
      await down();
      await lasting(OUTAGE_MS);
      await up();
      await delivered(all);
      expect(all.missing(server)).toEqual(NOTHING);
      for (const signal of SIGNALS) expect(all.ledger[signal].dropped).toEqual({});
    });

    it('go to disk while the collector is down, and arrive when it is back', async () => {
      const directory = await stage.directory();
      const all = app('disk', { spool: { directory }, maxBytes: 4 * MIB });
      all.pace();
      await server.waitForMetrics((metrics) => metrics.length > 2);
      await proxy.down();
      for (const signal of SIGNALS) {
        await until(() => all.ledger[signal].spooled > 10, `${signal} on disk`);
      }
      await lasting(OUTAGE_MS);
      await proxy.up();
      await delivered(all);
      expect(all.missing(server)).toEqual(NOTHING);
      for (const signal of SIGNALS) expect(all.ledger[signal].dropped).toEqual({});
    });

    it('survive a worker that dies while all are in flight, and possible duplicates are counted', async () => {
      const channel = new BroadcastChannel('signals');
      stage.keep(channel, async () => channel.close());
      const execArgv = [...FROM_WORKER.execArgv, '--import', `${killable}?signals`];
      const all = app('dies', { worker: { ...FROM_WORKER, execArgv } });
      all.pace();
      await server.waitForMetrics((metrics) => metrics.length > 2);
      // From here on requests arrive, but their answers are lost.
      proxy.set({ down: { latencyMs: 60_000 } });
      // By then the ledger has the answers of earlier requests.
      await lasting(500);
      const arrived = (of: string): number =>
        server
          .requests()
          .filter(({ signal }) => signal === of)
          .reduce((sum, { items }) => sum + items, 0);
      await until(() => SIGNALS.every((signal) => arrived(signal) > all.ledger[signal].accepted));
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
      channel.postMessage('die');
      await until(() => all.pipeline.stats().replaced === 1);
      proxy.set({});
      await delivered(all);
      expect(all.missing(server)).toEqual(NOTHING);
      for (const signal of SIGNALS) {
        expect(all.ledger[signal].possibleDuplicates).toBeGreaterThan(0);
      }
    });

    it('that a shutdown could not send are on disk for the next process, or counted', async () => {
      await proxy.down();
      const directory = await stage.directory();
      const [kept, lost] = [app('kept', { spool: { directory } }), app('lost')];
      for (const all of [kept, lost]) all.pace();
      await lasting(1000);
      await Promise.all([kept.shutdown(1500), lost.shutdown(1500)]);
      expect([kept.missing(server), lost.missing(server)]).toEqual([NOTHING, NOTHING]);
      await proxy.up();
      const next = app('next', { spool: { directory } });
      for (const signal of SIGNALS) {
        const { spooled, queued } = lost.ledger[signal];
        expect([spooled, queued]).toEqual([0, 0]);
        expect(droppedAtEnd(lost.ledger[signal]).left).toBeGreaterThan(0);
        expect(kept.ledger[signal].dropped).toEqual({});
        const left = kept.ledger[signal].spooled;
        expect(left).toBeGreaterThan(0);
        await until(() => next.ledger[signal].restored >= left, `${signal} found`);
      }
      await delivered(next);
      for (const signal of SIGNALS) {
        const { restored, accepted, created } = next.ledger[signal];
        expect([restored, accepted]).toEqual([kept.ledger[signal].spooled, created + restored]);
      }
    });
  });
});
