import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { createPipeline } from '../../libs/otlp/src/pipeline/create-pipeline.js';
import { certificate, pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import type { App } from './fixtures/app.js';
import { idsAt } from './fixtures/arrivals.js';
import { ConnectProxy, PASSWORD } from './fixtures/connect-proxy.js';
import type { ConnectAnswer } from './fixtures/connect-proxy.js';
import { PROTOCOLS, tracesTo } from './fixtures/destination.js';
import { TlsProxy } from './fixtures/tls-proxy.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/** The environment names these proxies. A CONNECT without an answer ends after 0.3 s instead of 3 s. */
const SPANS = 100;
const CONNECT_TIMEOUT_MS = 300;
const NEVER_MS = 1_000_000;
const TLS = { cert: pem('server.pem'), key: pem('server.key') };
const CA = certificate('ca.pem');
const VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

const refusals: readonly (readonly [ConnectAnswer, RegExp])[] = [
  [403, /: proxy_403;/],
  [407, /: proxy_407;/],
  [{ text: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' }, /: proxy_HPE_[A-Z_]+;/],
  ['silence', /: proxy_timeout;/],
  ['hang-up', /: proxy_ECONNRESET;/],
];

describe('a proxy from the environment', () => {
  useLeakCheck();

  describe('in front of a collector', () => {
    const stage = new Stage();
    let before: readonly (readonly [string, string | undefined])[];
    let server: ScriptedOtlpServer;
    let proxy: ConnectProxy;

    const startProxy = async (tls?: typeof TLS): Promise<ConnectProxy> =>
      stage.keep(await ConnectProxy.start(tls), (each) => each.close());

    beforeEach(async () => {
      before = VARIABLES.map((name) => [name, process.env[name]]);
      for (const name of VARIABLES) delete process.env[name];
      server = stage.keep(await ScriptedOtlpServer.start(), (each) => each.close());
      proxy = await startProxy();
    });
    afterEach(async () => {
      await stage.close();
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    });

    it('carries OTLP/HTTP with its credentials, and gRPC connects directly', async () => {
      const env = { HTTP_PROXY: proxy.url };
      for (const protocol of PROTOCOLS) {
        const traces = tracesTo(protocol, '127.0.0.1', server);
        const app = await stage.appProcess({ name: protocol, traces }, { env });
        await app.spans(SPANS);
        expect(await app.flush()).toEqual({ kind: 'done' });
        const report = await app.report();
        expect(balanceOf(report, idsAt(server))).toEqual(WHOLE);
        expect(report.lines).toEqual([]);
        server.clear();
        expect(proxy.tunnels > 0).toBe(protocol === 'http/protobuf');
      }
      expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${server.httpPort}`]));
    });

    it('carries TLS to the collector, even if the proxy itself speaks TLS', async () => {
      const secure = await startProxy(TLS);
      const mode = { kind: 'tls', options: TLS } as const;
      const tlsProxy = stage.keep(await TlsProxy.start(server.httpPort, mode), (each) =>
        each.close(),
      );
      const endpoint = `https://127.0.0.1:${tlsProxy.port}/v1/traces`;
      for (const [at, { url }] of [proxy, secure].entries()) {
        const traces = { protocol: 'http/protobuf', endpoint, tls: { caFile: CA } } as const;
        const env = { HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: CA };
        const app = await stage.appProcess({ name: `run-${at}`, traces }, { env });
        await app.spans(SPANS);
        expect(await app.flush()).toEqual({ kind: 'done' });
        expect(balanceOf(await app.report(), idsAt(server))).toEqual(WHOLE);
        server.clear();
      }
      expect([proxy.tunnels > 0, secure.tunnels > 0]).toEqual([true, true]);
    });

    it('is not used for hosts that NO_PROXY lists', async () => {
      Object.assign(process.env, { HTTP_PROXY: proxy.url, NO_PROXY: 'example.com,127.0.0.1' });
      const app = stage.app({ traces: tracesTo('http/protobuf', '127.0.0.1', server) });
      app.spans(SPANS);
      expect(await app.flush()).toEqual({ kind: 'done' });
      expect(balanceOf(app.report(), idsAt(server))).toEqual(WHOLE);
      expect(proxy.asked).toEqual([]);
    });

    it('that opens no tunnel is logged with the reason, without its password', async () => {
      const cases: { app: App; line: RegExp; proxy: ConnectProxy; server: ScriptedOtlpServer }[] =
        [];
      for (const [answer, line] of refusals) {
        const met = stage.keep(await ScriptedOtlpServer.start(), (each) => each.close());
        const failing = await startProxy();
        failing.answer = answer;
        process.env['HTTP_PROXY'] = failing.url;
        const traces = tracesTo('http/protobuf', '127.0.0.1', met);
        // The other proxies answer, however late on a busy machine.
        const connectTimeoutMs = answer === 'silence' ? CONNECT_TIMEOUT_MS : NEVER_MS;
        const pool = { connectTimeoutMs };
        cases.push({ app: stage.app({ traces, pool }), line, proxy: failing, server: met });
      }
      for (const { app } of cases) app.pace(SPANS);
      for (const { app } of cases) await until(() => app.report().reasons.length > 0);
      for (const each of cases) {
        const { app, line } = each;
        expect(app.report().lines).toEqual([expect.stringMatching(line)]);
        // Five attempts open the breaker, some more are in flight with the fifth, and then one follows for each
        // second's spans.
        expect(each.proxy.asked.length).toBeLessThanOrEqual(10 + app.made / SPANS);
        each.proxy.answer = 'open';
        app.rest();
        expect(await app.flush()).toEqual({ kind: 'done' });
        expect(balanceOf(app.report(), idsAt(each.server))).toEqual(WHOLE);
        expect(app.ledger.possibleDuplicates).toBe(0);
        expect(JSON.stringify([app.report(), app.pipeline.stats()])).not.toContain(PASSWORD);
      }
    });

    it.each(['HTTP_PROXY', 'http_proxy'])(
      'stops the start of OTLP/HTTP with one sentence if %s is no URL',
      (name) => {
        process.env[name] = `${PASSWORD}@proxy:3128`;
        const start = (protocol: (typeof PROTOCOLS)[number]): void => {
          createPipeline({ traces: tracesTo(protocol, '127.0.0.1', server) });
        };
        expect(() => start('http/protobuf')).toThrow(
          expect.objectContaining({
            code: 'proxy',
            message: `${name}: proxy must be an http:// or https:// URL`,
          }),
        );
        expect(() => start('grpc')).not.toThrow();
      },
    );
  });
});
