import { ScriptedOtlpServer, useLeakCheck } from '@nestlens/testing';
import { certificate, pem } from '../../libs/otlp/src/pool/fixtures/certificates.js';
import type { TlsOptions } from '../../libs/otlp/src/pool/tls-material.js';
import type { App } from './fixtures/app.js';
import { idsAt } from './fixtures/arrivals.js';
import { Authority } from './fixtures/authority.js';
import type { Guard } from './fixtures/authority.js';
import { PROTOCOLS } from './fixtures/destination.js';
import type { Protocol } from './fixtures/destination.js';
import { Door } from './fixtures/door.js';
import type { Face } from './fixtures/door.js';
import { balanceOf, Stage, WHOLE } from './fixtures/stage.js';
import { until } from './fixtures/until.js';

/**
 * What may be wrong with TLS, on a port before a collector that is mended later. Servers and clients are those of
 * Node and openssl; one that does not take a client's certificate is openssl's, since Node's hang up without a word.
 */
const RATE = 50;
const SERVER = {
  cert: pem('server.pem'),
  key: pem('server.key'),
  ALPNProtocols: ['h2', 'http/1.1'],
};
const GOOD: Face = { kind: 'tls', options: SERVER };
const PLAIN: Face = { kind: 'open' };
const GO = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

interface Case {
  readonly fault: string;
  readonly face: Face;
  /** What an operator is told. */
  readonly reason: RegExp;
  /** A request may have left before the server said so. */
  readonly late?: boolean;
  /** Of the client. Default: the CA of the good server. */
  readonly tls?: TlsOptions;
}

const withServer = (options: object): Face => ({ kind: 'tls', options: { ...SERVER, ...options } });
const serverCases: readonly Case[] = [
  {
    fault: 'a certificate that is over',
    face: withServer({ cert: pem('expired.pem') }),
    reason: /^CERT_HAS_EXPIRED$/,
  },
  {
    fault: 'a certificate that is not valid yet',
    face: withServer({ cert: pem('not-yet-valid.pem') }),
    reason: /^CERT_NOT_YET_VALID$/,
  },
  {
    fault: 'a certificate for another host',
    face: withServer({ cert: pem('wrong-host.pem') }),
    reason: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
  },
  {
    fault: 'a certificate of a CA that nobody knows',
    face: withServer({ cert: pem('other-server.pem') }),
    reason: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
  },
  {
    fault: 'TLS 1.1 and no later',
    face: withServer({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    }),
    reason: /^ERR_SSL_\w*(PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/,
  },
  {
    fault: 'no TLS at all',
    face: PLAIN,
    reason: /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/,
  },
];

/** What a guard that asks for a client's certificate says to those of others. */
const clientCases = (authority: Authority, { port }: Guard): readonly Case[] => {
  const met = { face: { kind: 'open', port }, late: true } as const;
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
      fault: 'a client certificate that is revoked',
      reason: /^ERR_SSL_.+_ALERT_CERTIFICATE_REVOKED$/,
      tls: pair(authority.file('gone.pem'), authority.file('gone.key')),
    },
    {
      ...met,
      fault: 'a client certificate of a CA that nobody knows',
      reason: /^ERR_SSL_\w+_ALERT_UNKNOWN_CA$/,
      tls: pair(authority.file('stranger.pem'), authority.file('stranger.key')),
    },
  ];
};

describe('TLS', () => {
  useLeakCheck();

  describe.each(PROTOCOLS)('with a collector, under %s', (protocol: Protocol) => {
    const stage = new Stage();

    interface Met extends Case {
      readonly app: App;
      readonly door: Door;
      readonly server: ScriptedOtlpServer;
    }

    const meet = async (scheme: 'http' | 'https', each: Case): Promise<Met> => {
      const server = stage.keep(await ScriptedOtlpServer.start(), (it) => it.close());
      const target = protocol === 'grpc' ? server.grpcPort : server.httpPort;
      const door = stage.keep(await Door.start(target, each.face), (it) => it.close());
      const path = protocol === 'grpc' ? '' : '/v1/traces';
      const endpoint = `${scheme}://127.0.0.1:${door.port}${path}`;
      const { tls = { caFile: certificate('ca.pem') } } = each;
      const traces = { protocol, endpoint, ...(scheme === 'https' && { tls }) };
      return { ...each, app: stage.app({ traces, maxBytes: 1024 * 1024 }), door, server };
    };

    /** What fails, why, and whether all of it arrives when `mended` is what is met. */
    const expectAll = async (met: readonly Met[], mended: Face): Promise<void> => {
      for (const { app } of met) app.pace(RATE);
      // By chance a late refusal is found by a write that fails: then the next probe tells.
      for (const { app, reason } of met) {
        await until(() => reason.test(app.report().reasons[0] ?? ''), String(reason));
      }
      await Promise.all(met.map((each) => expectMended(each, mended)));
    };

    const expectMended = async (
      { app, door, fault, reason, late = false, server }: Met,
      mended: Face,
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
      // Nothing went another way.
      expect([fault, server.requests()]).toEqual([fault, []]);
      door.show(mended);
      app.rest();
      expect([fault, await app.flush()]).toEqual([fault, { kind: 'done' }]);
      const { possibleDuplicates } = app.ledger;
      const balance = balanceOf(app.report(), idsAt(server));
      expect([fault, balance]).toEqual([fault, WHOLE]);
      // Without a handshake nothing can have arrived.
      expect(late || possibleDuplicates === 0).toBe(true);
    };

    afterEach(() => stage.close());

    it('each fault of a certificate has a reason of its own and costs nothing but time', async () => {
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

    it('plain text on a TLS port is no reason to give telemetry up', async () => {
      const cases: Case[] = [
        {
          fault: 'hangs up',
          face: GOOD,
          reason: /^(connection_closed|ECONNRESET|EPIPE)$/,
          late: true,
        },
      ];
      const says: Case = {
        fault: 'says so',
        face: { kind: 'text', text: GO },
        reason: /^tls_expected$/,
      };
      if (protocol === 'http/protobuf') cases.push(says);
      const met = await Promise.all(cases.map((each) => meet('http', each)));
      await expectAll(met, PLAIN);
      expect(met.map(({ app }) => app.ledger.rejected)).toEqual(met.map(() => 0));
    });
  });
});
