import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { certificate, pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import type { TlsOptions } from '../../libs/otlp/src/pool/tls-material.js';
import type { App } from './fixtures/app.js';
import { idsAt } from './fixtures/arrivals.js';
import { Authority } from './fixtures/authority.js';
import type { Guard } from './fixtures/authority.js';
import { PROTOCOLS } from './fixtures/destination.js';
import type { Protocol } from './fixtures/destination.js';
import { TlsProxy } from './fixtures/tls-proxy.js';
import type { TlsProxyMode } from './fixtures/tls-proxy.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/**
 * Faults of TLS on a port in front of a collector, which works later. Servers and clients are those of Node and
 * openssl. The server that refuses client certificates is openssl's, because Node's closes the connection
 * without an alert.
 */
const RATE = 50;
const SERVER = {
  cert: pem('server.pem'),
  key: pem('server.key'),
  ALPNProtocols: ['h2', 'http/1.1'],
};
const GOOD: TlsProxyMode = { kind: 'tls', options: SERVER };
const PLAIN: TlsProxyMode = { kind: 'open' };
const GO = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

interface Case {
  readonly fault: string;
  readonly mode: TlsProxyMode;
  /** Reason in the log line. */
  readonly reason: RegExp;
  /** True: a request may have left before the server refused the connection. */
  readonly late?: boolean;
  /** Options of the client. Default: the CA of the good server. */
  readonly tls?: TlsOptions;
}

const withServer = (options: object): TlsProxyMode => ({
  kind: 'tls',
  options: { ...SERVER, ...options },
});
const serverCases: readonly Case[] = [
  {
    fault: 'an expired certificate',
    mode: withServer({ cert: pem('expired.pem') }),
    reason: /^CERT_HAS_EXPIRED$/,
  },
  {
    fault: 'a certificate that is not valid yet',
    mode: withServer({ cert: pem('not-yet-valid.pem') }),
    reason: /^CERT_NOT_YET_VALID$/,
  },
  {
    fault: 'a certificate for another host',
    mode: withServer({ cert: pem('wrong-host.pem') }),
    reason: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
  },
  {
    fault: 'a certificate of an unknown CA',
    mode: withServer({ cert: pem('other-server.pem') }),
    reason: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
  },
  {
    fault: 'a server without TLS 1.2 and later',
    mode: withServer({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
    reason: /^ERR_SSL_\w*(PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/,
  },
  {
    fault: 'no TLS at all',
    mode: PLAIN,
    reason: /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/,
  },
];

/** Cases with a server that asks for client certificates, and refuses those of other clients. */
const clientCases = (authority: Authority, { port }: Guard): readonly Case[] => {
  const met = { mode: { kind: 'open', port }, late: true } as const;
  const pair = (certFile: string, keyFile: string): TlsOptions => ({
    caFile: certificate('ca.pem'),
    certFile,
    keyFile,
  });
  return [
    {
      ...met,
      fault: 'no client certificate',
      reason: /^ERR_SSL_\w+_ALERT_CERTIFICATE_REQUIRED$/,
    },
    {
      ...met,
      fault: 'a revoked client certificate',
      reason: /^ERR_SSL_.+_ALERT_CERTIFICATE_REVOKED$/,
      tls: pair(authority.file('gone.pem'), authority.file('gone.key')),
    },
    {
      ...met,
      fault: 'a client certificate of an unknown CA',
      reason: /^ERR_SSL_\w+_ALERT_UNKNOWN_CA$/,
      tls: pair(authority.file('stranger.pem'), authority.file('stranger.key')),
    },
  ];
};

describe('TLS', () => {
  useLeakCheck();

  describe.each(PROTOCOLS)('to a collector, over %s', (protocol: Protocol) => {
    const stage = new Stage();

    interface Met extends Case {
      readonly app: App;
      readonly tlsProxy: TlsProxy;
      readonly server: ScriptedOtlpServer;
    }

    const meet = async (scheme: 'http' | 'https', each: Case): Promise<Met> => {
      const server = stage.keep(await ScriptedOtlpServer.start(), (it) => it.close());
      const target = protocol === 'grpc' ? server.grpcPort : server.httpPort;
      const tlsProxy = stage.keep(await TlsProxy.start(target, each.mode), (it) => it.close());
      const path = protocol === 'grpc' ? '' : '/v1/traces';
      const endpoint = `${scheme}://127.0.0.1:${tlsProxy.port}${path}`;
      const { tls = { caFile: certificate('ca.pem') } } = each;
      const traces = { protocol, endpoint, ...(scheme === 'https' && { tls }) };
      return { ...each, app: stage.app({ traces, maxBytes: 1024 * 1024 }), tlsProxy, server };
    };

    /** Checks that each case fails for its reason, and that all spans arrive once the port shows `mended`. */
    const expectAll = async (met: readonly Met[], mended: TlsProxyMode): Promise<void> => {
      for (const { app } of met) app.pace(RATE);
      // A late refusal may be found by a write that fails. Then the next probe gives the reason.
      for (const { app, reason } of met) {
        await until(() => reason.test(app.report().reasons[0] ?? ''), String(reason));
      }
      await Promise.all(met.map((each) => expectMended(each, mended)));
    };

    const expectMended = async (
      { app, tlsProxy, fault, reason, late = false, server }: Met,
      mended: TlsProxyMode,
    ): Promise<void> => {
      const { lines } = app.report();
      const told = lines.map(
        (line) => /: ([^ ]+)(?: \(.*\))?; trying again$/.exec(line)?.[1] ?? line,
      );
      expect([fault, told]).toEqual([
        fault,
        expect.arrayContaining([expect.stringMatching(reason)]),
      ]);
      expect([fault, told.length]).toEqual([fault, late ? expect.any(Number) : 1]);
      // No request reached the collector on another way.
      expect([fault, server.requests()]).toEqual([fault, []]);
      tlsProxy.use(mended);
      app.rest();
      expect([fault, await app.flush()]).toEqual([fault, { kind: 'done' }]);
      const { possibleDuplicates } = app.ledger;
      const balance = balanceOf(app.report(), idsAt(server));
      expect([fault, balance]).toEqual([fault, WHOLE]);
      // Without a handshake no request can have arrived.
      expect(late || possibleDuplicates === 0).toBe(true);
    };

    afterEach(() => stage.close());

    it('logs a reason of its own for each fault of a certificate, and loses no span', async () => {
      const authority = stage.keep(await Authority.found('clients'), (each) => each.close());
      const other = stage.keep(await Authority.found('strangers'), (each) => each.close());
      await authority.issue('gone');
      await authority.revoke('gone');
      await other.issue('stranger');
      for (const ending of ['pem', 'key']) await other.lend(`stranger.${ending}`, authority);
      const guard = stage.keep(await authority.guard(SERVER), (each) => each.close());
      const cases = [...serverCases, ...clientCases(authority, guard)];
      expect(new Set(cases.map(({ reason }) => reason.source)).size).toBe(cases.length);
      await expectAll(await Promise.all(cases.map((each) => meet('https', each))), GOOD);
    });

    it('drops no span when plain text is sent to a TLS port', async () => {
      const cases: Case[] = [
        {
          fault: 'hangs up',
          mode: GOOD,
          reason: /^(connection_closed|ECONNRESET|EPIPE)$/,
          late: true,
        },
      ];
      const says: Case = {
        fault: 'says so',
        mode: { kind: 'text', text: GO },
        reason: /^tls_expected$/,
      };
      if (protocol === 'http/protobuf') cases.push(says);
      const met = await Promise.all(cases.map((each) => meet('http', each)));
      await expectAll(met, PLAIN);
      expect(met.map(({ app }) => app.ledger.rejected)).toEqual(met.map(() => 0));
    });
  });
});
