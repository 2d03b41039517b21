import { copyFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { useLeakCheck } from '@nestlens/testing';
import { certificate, pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import type { App, AppOptions } from './fixtures/app.js';
import { TlsProxy } from './fixtures/tls-proxy.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from './fixtures/stage.js';
import { FaultyCollector } from './fixtures/faulty-collector.js';
import { lasting, until } from './fixtures/until.js';

/** The export worker dies. `killable.mjs` ends it when a message on a channel says so. */
const killable = new URL('./fixtures/killable.mjs', import.meta.url).href;
const SPANS = 500;
/** The span that starts the thread. */
const FIRST = 1;
const SECURE = {
  kind: 'tls',
  options: { cert: pem('server.pem'), key: pem('server.key'), ALPNProtocols: ['h2'] },
} as const;

describe('the export worker', () => {
  useLeakCheck();

  describe('that dies', () => {
    const stage = new Stage();

    const meet = async (
      name: string,
      options: Partial<AppOptions> = {},
    ): Promise<{ app: App; kill: () => void }> => {
      const { entry, execArgv } = FROM_WORKER;
      const channel = new BroadcastChannel(name);
      stage.keep(channel, async () => channel.close());
      const worker = { entry, execArgv: [...execArgv, '--import', `${killable}?${name}`] };
      const app = stage.app({ traces: { endpoint: collector.url }, worker, ...options });
      app.arrived = () => collector.ids.size;
      // The thread that sends starts with the first item, or at once where it has to look after a spool.
      if (options.spool === undefined) app.spans(FIRST);
      await until(() => app.pipeline.stats().exporters.length > 0);
      if (options.spool === undefined) await until(() => app.ledger.accepted === FIRST);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
      return { app, kill: () => channel.postMessage('die') };
    };
    let collector: FaultyCollector;

    beforeEach(async () => {
      collector = await FaultyCollector.start();
      stage.keep(collector, (each) => each.close());
    });
    afterEach(() => stage.close());

    it('during a send is replaced: no span is lost, and possible duplicates are counted', async () => {
      const { app, kill } = await meet('middle');
      collector.behaviour = { late: (call) => call.take() };
      app.spans(SPANS);
      const flushed = app.flush();
      await until(() => collector.ids.size === FIRST + SPANS);
      collector.behaviour = {};
      kill();
      expect(await flushed).toEqual({ kind: 'done' });
      const report = app.report();
      expect(report).toMatchObject({ replaced: 1, runner: 'worker' });
      expect(balanceOf(report, collector.ids)).toEqual({ ...WHOLE, doubles: SPANS });
      expect(report.ledger.possibleDuplicates).toBe(SPANS);
      expect(report.lines).toHaveLength(1);
    });

    it('three times under load loses no span, and the main thread takes over in the end', async () => {
      const { app, kill } = await meet('often');
      app.pace(1000);
      for (let death = 1; death <= 3; death += 1) {
        await lasting(700);
        kill();
        await until(() => app.pipeline.stats().replaced === death);
      }
      await lasting(500);
      const made = app.rest();
      expect(await app.flush()).toEqual({ kind: 'done' });
      const report = app.report();
      expect(report).toMatchObject({ replaced: 3, runner: 'inline' });
      const { doubles } = collector.ids;
      expect(balanceOf(report, collector.ids)).toEqual({ ...WHOLE, doubles });
      expect(doubles).toBeLessThanOrEqual(report.ledger.possibleDuplicates);
      expect(collector.ids.missing(made)).toEqual([]);
      expect(report.lines).toHaveLength(1);
    });

    it('with batches on disk leaves them to the next worker, which counts none as dropped or restored', async () => {
      const directory = await stage.directory();
      const proxy = await stage.proxy(Number(new URL(collector.url).port));
      const traces = { endpoint: `http://127.0.0.1:${proxy.port}` };
      const spool = { directory, durable: 'always' } as const;
      await proxy.down();
      const { app, kill } = await meet('spool', { traces, spool });
      for (let death = 1; death <= 2; death += 1) {
        app.spans(SPANS);
        await until(() => app.ledger.spooled === death * SPANS);
        kill();
        await until(() => app.pipeline.stats().replaced === death);
        expect(app.ledger).toMatchObject({ spooled: death * SPANS, queued: 0, dropped: {} });
      }
      await proxy.up();
      await until(() => app.ledger.accepted >= 2 * SPANS, 'the spooled spans');
      await until(() => app.ledger.spooled === 0);
      const report = app.report();
      expect(balanceOf(report, collector.ids)).toEqual(WHOLE);
      expect(collector.ids.missing(2 * SPANS)).toEqual([]);
      expect(report.ledger.restored).toBe(0);
      expect(report.lines).toHaveLength(1);
      await app.shutdown();
      expect(await readdir(directory)).toEqual([]);
    });

    it('while a TLS file is missing is replaced once the file is back, and no span is lost', async () => {
      const caFile = join(await stage.directory(), 'ca.pem');
      const tlsProxy = await TlsProxy.start(Number(new URL(collector.url).port), SECURE);
      stage.keep(tlsProxy, (each) => each.close());
      await copyFile(certificate('ca.pem'), caFile);
      const endpoint = `https://127.0.0.1:${tlsProxy.port}`;
      const { app, kill } = await meet('files', { traces: { endpoint, tls: { caFile } } });
      app.spans(SPANS);
      expect(await app.flush()).toEqual({ kind: 'done' });
      await rename(caFile, `${caFile}.gone`);
      kill();
      await until(() => app.pipeline.stats().runner === 'none', 'the end of the thread');
      app.spans(SPANS);
      await until(() => app.pipeline.stats().replaced >= 4, 'three tries');
      await rename(`${caFile}.gone`, caFile);
      await until(() => app.ledger.accepted === FIRST + 2 * SPANS, 'the spans that waited');
      const report = app.report();
      expect(balanceOf(report, collector.ids)).toEqual(WHOLE);
      expect(report.runner).toBe('worker');
      expect(report.lines).toEqual([
        expect.stringContaining('the export worker ended') as string,
        expect.stringMatching(
          /nothing can be sent: .*ca\.pem.*\(ENOENT\); .*; trying again/,
        ) as string,
      ]);
    });

    it('while it shuts down does not hold up the shutdown', async () => {
      const { app, kill } = await meet('shutdown');
      collector.behaviour = { late: (call) => call.take() };
      app.spans(SPANS);
      const ended = app.shutdown();
      await until(() => collector.ids.size === FIRST + SPANS);
      collector.behaviour = {};
      kill();
      expect(await ended).toMatchObject({ kind: 'done' });
      expect(balanceOf(app.report(), collector.ids)).toEqual({ ...WHOLE, doubles: SPANS });
    });
  });
});
