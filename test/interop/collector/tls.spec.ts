import { useLeakCheck } from '@nestlens/testing';
import type { Protocol } from '../../../libs/otlp/src/wire/model.js';
import { certificate } from '../../../libs/otlp/src/pool/fixtures/certificates.js';
import type { TlsOptions } from '../../../libs/otlp/src/pool/tls-material.js';
import { difference, SAME } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import type { Difference } from '../fixtures/arrived.js';
import { placedIn } from '../fixtures/placed.js';
import { Service } from '../fixtures/service.js';
import { makeSpans } from '../fixtures/workload.js';

const CA: TlsOptions = { caFile: certificate('ca.pem') };
const CLIENT: TlsOptions = {
  ...CA,
  certFile: certificate('client.pem'),
  keyFile: certificate('client.key'),
};

describe('TLS with the OpenTelemetry Collector', () => {
  useLeakCheck();

  describe.each(['grpc', 'http/protobuf'] as const)('over %s', (protocol: Protocol) => {
    let collector: Collector | undefined;
    afterEach(() => collector?.close());

    const listen = async (file: string, settings: object = {}): Promise<void> => {
      const tls = {
        cert_file: certificate(file),
        key_file: certificate('server.key'),
        ...settings,
      };
      collector = await Collector.start({ grpc: { tls }, http: { tls } });
    };

    const serviceWith = (tls?: TlsOptions, scheme = 'https'): Service => {
      const endpoint = collector!.endpoint(protocol, 'traces', scheme);
      return new Service({
        traces: { protocol, endpoint, ...(tls && { tls }), compression: 'gzip' },
        worker: false,
      });
    };

    /** The collector's items after a flush. */
    const differenceWith = async (tls: TlsOptions): Promise<Difference> => {
      const service = serviceWith(tls);
      makeSpans(service, 1);
      expect(await service.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      const written = await collector!.written('traces');
      return difference(service.made.traces, placedIn('traces', written));
    };

    /** The result of the single attempt of a shutdown. */
    const outcomeOf = async (tls?: TlsOptions, scheme?: string): Promise<unknown> => {
      const service = serviceWith(tls, scheme);
      makeSpans(service, 1);
      const made = service.made.traces.length;
      await service.shutdown();
      const { ledger, last } = service.pipeline.stats();
      expect(ledger.traces).toMatchObject({ created: made, accepted: 0, queued: 0 });
      expect(await collector!.written('traces')).toEqual([]);
      return last.traces?.outcome;
    };
    const retry = (reason: unknown): object => ({ kind: 'retry', reason });
    const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

    it('trusts the CA in `caFile`', async () => {
      await listen('server.pem');
      expect(await differenceWith(CA)).toEqual(SAME);
    });

    it('expects `serverName` in the certificate', async () => {
      await listen('wrong-host.pem');
      expect(await differenceWith({ ...CA, serverName: 'other.test' })).toEqual(SAME);
    });

    it('uses TLS 1.2 if the collector has nothing newer', async () => {
      await listen('server.pem', { max_version: '1.2' });
      expect(await differenceWith(CA)).toEqual(SAME);
    });

    it('presents a client certificate if the collector asks for one', async () => {
      await listen('server.pem', { client_ca_file: certificate('ca.pem') });
      expect(await differenceWith(CLIENT)).toEqual(SAME);
    });

    it('reports a refusal without a client certificate, and sends nothing', async () => {
      await listen('server.pem', { client_ca_file: certificate('ca.pem') });
      expect(await outcomeOf(CA)).toMatchObject(retry(matching(/CERTIFICATE_REQUIRED/)));
    });

    it.each([
      ['has expired', 'expired.pem', CA, 'CERT_HAS_EXPIRED'],
      ['is not valid yet', 'not-yet-valid.pem', CA, 'CERT_NOT_YET_VALID'],
      ['is for another host', 'wrong-host.pem', CA, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      ['comes from an unknown CA', 'server.pem', undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ])('reports that a certificate %s', async (_what, file, tls, reason) => {
      await listen(file);
      expect(await outcomeOf(tls)).toMatchObject(retry(reason));
    });

    it('reports that the collector has nothing newer than TLS 1.2', async () => {
      await listen('server.pem', { max_version: '1.2' });
      const outcome = await outcomeOf({ ...CA, minVersion: 'TLSv1.3' });
      expect(outcome).toMatchObject(retry(matching(/^ERR_SSL_.*VERSION/)));
    });

    it('reports a plain port that was spoken to in TLS', async () => {
      collector = await Collector.start();
      expect(await outcomeOf(CA)).toMatchObject(retry(matching(/^ERR_SSL_/)));
    });

    it('reports a TLS port that was spoken to in plain text', async () => {
      await listen('server.pem');
      // Go answers HTTP with a 400, which its reset may overtake.
      const reason = matching(/^(connection_closed|ECONNRESET|EPIPE|400)$/);
      expect(await outcomeOf(undefined, 'http')).toMatchObject({ reason });
    });
  });
});
