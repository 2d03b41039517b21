import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { certificate, pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import type { TlsOptions } from '../../libs/otlp/src/pool/tls-material.js';
import { idsAt } from './fixtures/arrivals.js';
import { Authority } from './fixtures/authority.js';
import { PROTOCOLS } from './fixtures/destination.js';
import type { Protocol } from './fixtures/destination.js';
import { TlsProxy } from './fixtures/tls-proxy.js';
import type { TlsProxyMode } from './fixtures/tls-proxy.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import type { Balance } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/**
 * Certificate files that change under a running app. They are checked every 10 s, and every second while handshakes
 * fail. The handshakes fail here, which shortens the promised 60 s to 6 s.
 */
const RATE = 50;
const PROTOCOL_NAMES = { ALPNProtocols: ['h2', 'http/1.1'], key: pem('server.key') };
const faceOf = (cert: string) =>
  ({ kind: 'tls', options: { ...PROTOCOL_NAMES, cert: pem(cert) } }) as const;
const HOME = faceOf('server.pem');
/** A client certificate of a CA that the app learns of later. */
const MOVED = faceOf('other-server.pem');
const EXPIRED = faceOf('expired.pem');
const NOT_USED = /changed files are not used yet/;

interface Files {
  /** The path of one of their files. */
  at(name: string): string;
  /** Replaced in one step, as a careful tool does. */
  replace(name: string, source: string): Promise<void>;
}

/** An app that sends all the time, and the tlsProxy in front of its collector. */
interface Scene {
  readonly tlsProxy: TlsProxy;
  /** Waits until a new connection comes, and until the app reports it. */
  arrives(): Promise<void>;
  /** Waits until the files have been checked: two probes are at least a second apart. */
  fails(): Promise<void>;
  /** Waits until the app reports that files cannot be used. */
  isTold(): Promise<unknown>;
  /** Counts duplicates that the app did not count: a connection may have been cut with a batch in it. */
  settle(): Promise<{ readonly balance: Balance; readonly told: number }>;
}

describe('files of certificates', () => {
  useLeakCheck();

  describe('of an app', () => {
    const stage = new Stage();

    const file = async (): Promise<Files> => {
      const folder = await mkdtemp(join(tmpdir(), 'nestlens-certificates-'));
      stage.keep(folder, (path) => rm(path, { recursive: true }));
      const at = (name: string): string => join(folder, name);
      return {
        at,
        async replace(name, source) {
          await copyFile(source, at(`${name}.new`));
          await rename(at(`${name}.new`), at(name));
        },
      };
    };

    const start = async (
      protocol: Protocol,
      mode: TlsProxyMode,
      tls: TlsOptions,
    ): Promise<Scene> => {
      const server = stage.keep(await ScriptedOtlpServer.start(), (each) => each.close());
      const target = protocol === 'grpc' ? server.grpcPort : server.httpPort;
      const tlsProxy = stage.keep(await TlsProxy.start(target, mode), (each) => each.close());
      const path = protocol === 'grpc' ? '' : '/v1/traces';
      const endpoint = `https://127.0.0.1:${tlsProxy.port}${path}`;
      const app = stage.app({ traces: { protocol, endpoint, tls } });
      app.pace(RATE);
      const notUsed = (): number => app.report().lines.filter((line) => NOT_USED.test(line)).length;
      const scene: Scene = {
        tlsProxy,
        async arrives() {
          const before = idsAt(server).size;
          await until(() => idsAt(server).size > before);
          await until(() => app.report().reasons.length === 0);
        },
        async fails() {
          await until(() => app.report().reasons.length > 0);
          const before = tlsProxy.taken;
          await until(() => tlsProxy.taken >= before + 2);
        },
        isTold: () => until(() => notUsed() > 0),
        async settle() {
          app.rest();
          await app.flush();
          const { size, doubles } = idsAt(server);
          const uncounted = Math.max(0, doubles - app.ledger.possibleDuplicates);
          const balance = balanceOf(app.report(), { size, doubles: uncounted });
          return { balance, told: notUsed() };
        },
      };
      await scene.arrives();
      return scene;
    };

    const underBoth = (play: (protocol: Protocol) => Promise<Scene>): Promise<unknown> =>
      Promise.all(PROTOCOLS.map(async (protocol) => (await play(protocol)).settle()));

    afterEach(() => stage.close());

    it('a CA that is half-written or gone leaves the last one in use, a whole one is taken', async () => {
      const settled = await underBoth(async (protocol) => {
        const files = await file();
        await files.replace('ca', certificate('ca.pem'));
        const scene = await start(protocol, HOME, { caFile: files.at('ca') });
        const { tlsProxy } = scene;
        tlsProxy.use(MOVED);
        await writeFile(files.at('ca'), pem('other-ca.pem').slice(0, 500));
        await scene.isTold();
        tlsProxy.use(HOME);
        await scene.arrives();
        await rm(files.at('ca'));
        tlsProxy.use(MOVED);
        await scene.fails();
        tlsProxy.use(HOME);
        await scene.arrives();
        tlsProxy.use(MOVED);
        await files.replace('ca', certificate('other-ca.pem'));
        await scene.arrives();
        return scene;
      });
      expect(settled).toEqual(PROTOCOLS.map(() => ({ balance: WHOLE, told: 1 })));
    });

    it('a pair whose halves are replaced one after the other is taken when it is one', async () => {
      const authority = stage.keep(await Authority.found('clients'), (each) => each.close());
      for (const client of ['orders', 'orders-next']) await authority.issue(client);
      const asking = ({ options }: typeof HOME): TlsProxyMode => ({
        kind: 'tls',
        options: { ...options, ca: authority.certificate, requestCert: true },
      });
      const settled = await underBoth(async (protocol) => {
        const files = await file();
        await files.replace('tls.crt', authority.file('orders.pem'));
        await files.replace('tls.key', authority.file('orders.key'));
        const [certFile, keyFile] = [files.at('tls.crt'), files.at('tls.key')];
        const tls = { caFile: certificate('ca.pem'), certFile, keyFile };
        const scene = await start(protocol, asking(HOME), tls);
        const { tlsProxy } = scene;
        tlsProxy.use(asking(EXPIRED));
        await files.replace('tls.key', authority.file('orders-next.key'));
        await scene.isTold();
        tlsProxy.use(asking(HOME));
        await scene.arrives();
        expect(new Set(tlsProxy.clients)).toEqual(new Set(['orders']));
        tlsProxy.use(asking(EXPIRED));
        await files.replace('tls.crt', authority.file('orders-next.pem'));
        await scene.fails();
        tlsProxy.use(asking(HOME));
        await until(() => tlsProxy.clients.includes('orders-next'));
        await scene.arrives();
        return scene;
      });
      expect(settled).toEqual(PROTOCOLS.map(() => ({ balance: WHOLE, told: 1 })));
    });
  });
});
