import { ServerCredentials, status } from '@grpc/grpc-js';
import { useLeakCheck } from '@nestlens/testing';
import { certificate, pem } from '../../../libs/otlp/src/pool/fixtures/certificates.js';
import type { App, AppOptions } from '../../faults/fixtures/app.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from '../../faults/fixtures/stage.js';
import { until } from '../../faults/fixtures/until.js';
import { GrpcJsCollector } from '../fixtures/grpc-js-collector.js';
import { SentRequests } from '../fixtures/sent-requests.js';

const MIB = 1024 * 1024;
const LARGE = 12_000;
const PER_SECOND = 2000;

describe('the pipeline', () => {
  useLeakCheck();

  describe("with grpc-js's server", () => {
    const stage = new Stage();
    afterEach(() => stage.close());

    const listen = async (
      ...given: ConstructorParameters<typeof GrpcJsCollector>
    ): Promise<GrpcJsCollector> =>
      stage.keep(await GrpcJsCollector.start(...given), (each) => each.close());

    const appTo = (
      { port }: GrpcJsCollector,
      traces: object = {},
      options: Partial<AppOptions> = {},
    ): App => {
      const to = { endpoint: `http://127.0.0.1:${port}`, ...traces };
      return stage.app({ traces: to, worker: FROM_WORKER, ...options });
    };

    const flushed = async (app: App): Promise<void> => {
      app.rest();
      expect(await app.flush()).toEqual({ kind: 'done' });
    };

    it('delivers all spans with gzip, metadata and a deadline', async () => {
      const collector = await listen();
      const headers = [{ 'X-Tenant': 'a' }, () => ({ 'trace-bin': btoa('ab') })];
      const app = appTo(collector, { headers, compression: 'gzip', timeoutMs: 60_000 });
      app.spans(LARGE);
      const before = Date.now();
      await flushed(app);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      for (const call of collector.calls) {
        const metadata = call.metadata.getMap();
        expect(metadata).toMatchObject({ 'x-tenant': 'a', 'trace-bin': Buffer.from('ab') });
        expect(Number(call.getDeadline())).toBeGreaterThan(before + 50_000);
      }
    });

    it('switches to gzip once if the server does not know zstd', async () => {
      const collector = await listen();
      const sent = stage.keep(new SentRequests(), async (each) => each.stop());
      const app = appTo(collector, { compression: 'zstd' }, { worker: false });
      sent.watch();
      for (let round = 0; round < 3; round += 1) {
        app.spans(10);
        await flushed(app);
      }
      expect(sent.encodings).toEqual(['zstd', 'gzip', 'gzip', 'gzip']);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
    });

    it('keeps requests with a target of 4 MiB within the limit of the server', async () => {
      const collector = await listen();
      const app = appTo(collector, {}, { targetBytes: 4 * MIB, worker: false });
      app.spans(2 * LARGE);
      await flushed(app);
      const sizes = collector.calls.map(({ request }) => request.length);
      expect(Math.max(...sizes)).toBeGreaterThan(3 * MIB);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
    });

    it('sends batches larger than the limit of the server in parts, and counts spans that do not fit', async () => {
      const collector = await listen({ 'grpc.max_receive_message_length': MIB / 2 });
      const app = appTo(collector, {}, { worker: false });
      app.spans(LARGE);
      await flushed(app);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(app.ledger.possibleDuplicates).toBe(0);
      const tiny = await listen({ 'grpc.max_receive_message_length': 1024 });
      const lost = appTo(tiny, {}, { worker: false });
      lost.spans(100);
      await flushed(lost);
      expect(lost.ledger).toMatchObject({ accepted: 0, rejected: 100 });
      expect(tiny.ids.size).toBe(0);
    });

    it('cancels a request without an answer at its deadline, and sends it again', async () => {
      const collector = await listen();
      const cancelled = new Promise<void>((resolve) => {
        collector.answer = (call) => {
          collector.answer = undefined;
          call.on('cancelled', () => resolve());
        };
      });
      const app = appTo(collector, { timeoutMs: 300 });
      app.spans(100);
      await flushed(app);
      await cancelled;
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
      expect(app.ledger.possibleDuplicates).toBe(100);
    });

    it('retries UNAVAILABLE and ABORTED', async () => {
      const collector = await listen();
      const codes = [status.UNAVAILABLE, status.ABORTED];
      collector.answer = (_call, done) => {
        const code = codes.pop()!;
        done({ code, details: status[code] });
        if (codes.length === 0) collector.answer = undefined;
      };
      const app = appTo(collector);
      app.spans(100);
      await flushed(app);
      expect(collector.calls).toHaveLength(3);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
    });

    it('presents a client certificate', async () => {
      const [ca, key, chain] = ['ca.pem', 'server.key', 'server.pem'].map((file) =>
        Buffer.from(pem(file)),
      );
      const pair = { private_key: key!, cert_chain: chain! };
      const credentials = ServerCredentials.createSsl(ca!, [pair], true);
      const collector = await listen({}, credentials);
      const tls = {
        caFile: certificate('ca.pem'),
        certFile: certificate('client.pem'),
        keyFile: certificate('client.key'),
      };
      const app = appTo(collector, { endpoint: `https://127.0.0.1:${collector.port}`, tls });
      app.spans(LARGE);
      await flushed(app);
      expect(balanceOf(app.report(), collector.ids)).toEqual(WHOLE);
    });

    describe('under load', () => {
      const expectWhole = (app: App, { ids }: GrpcJsCollector): void => {
        const { doubles } = ids;
        expect(balanceOf(app.report(), ids)).toEqual({ ...WHOLE, doubles });
        expect(doubles).toBeLessThanOrEqual(app.ledger.possibleDuplicates);
      };

      it('loses no span when the server shuts down gracefully and comes back', async () => {
        const collector = await listen();
        const app = appTo(collector, {}, { targetBytes: 64 * 1024, sealAfterMs: 20 });
        app.pace(PER_SECOND);
        for (let restart = 0; restart < 3; restart += 1) {
          const { accepted } = app.ledger;
          const { connections } = collector;
          await until(() => connections.size > restart && app.ledger.accepted > accepted);
          await collector.down();
          await collector.up();
        }
        const { connections } = collector;
        await until(() => connections.size > 3);
        await flushed(app);
        expectWhole(app, collector);
        expect(connections.size).toBeGreaterThan(3);
      });

      it('moves to new connections when GOAWAY ends the old ones, without a duplicate', async () => {
        const collector = await listen();
        const app = appTo(collector, {}, { targetBytes: 64 * 1024, sealAfterMs: 20 });
        app.pace(PER_SECOND);
        for (let drain = 0; drain < 10; drain += 1) {
          const { accepted } = app.ledger;
          await until(() => app.ledger.accepted > accepted);
          collector.drain(10_000);
        }
        await flushed(app);
        expectWhole(app, collector);
        expect(app.ledger.possibleDuplicates).toBe(0);
        expect(collector.connections.size).toBeGreaterThan(5);
      });

      it('keeps to a maximum connection age of 200 ms and one stream at a time', async () => {
        const collector = await listen({
          'grpc.max_connection_age_ms': 200,
          'grpc.max_connection_age_grace_ms': 10_000,
          'grpc.max_concurrent_streams': 1,
          'grpc.keepalive_time_ms': 50,
        });
        const app = appTo(collector, {}, { targetBytes: 64 * 1024, sealAfterMs: 20 });
        app.pace(PER_SECOND);
        await until(() => app.made > PER_SECOND * 2);
        await flushed(app);
        expectWhole(app, collector);
        expect(app.ledger.possibleDuplicates).toBe(0);
        expect(collector.connections.size).toBeGreaterThan(5);
      });
    });
  });
});
