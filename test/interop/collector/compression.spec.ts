import { useLeakCheck } from '@nestlens/testing';
import type { Protocol } from '../../../libs/otlp/src/wire/model.js';
import type { Encoding } from '../../../libs/otlp/src/transport/encoding.js';
import { difference, SAME } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import type { CollectorOptions } from '../fixtures/collector.js';
import { PROTOCOLS } from '../fixtures/destinations.js';
import { placedIn } from '../fixtures/placed.js';
import { SentRequests } from '../fixtures/sent-requests.js';
import { Service } from '../fixtures/service.js';
import { makeSpans } from '../fixtures/workload.js';

const ROUNDS = 4;

describe('compression', () => {
  useLeakCheck();

  describe('to the OpenTelemetry Collector', () => {
    const sent = new SentRequests();
    let collector: Collector | undefined;

    beforeEach(() => {
      sent.encodings.length = 0;
      sent.watch();
    });
    afterEach(async () => {
      sent.stop();
      await collector?.close();
    });

    /** Sends one request in each round to a collector with this configuration. */
    const sendTo = async (
      options: CollectorOptions,
      protocol: Protocol,
      compression: Encoding,
    ): Promise<Service> => {
      collector = await Collector.start(options);
      const endpoint = collector.endpoint(protocol, 'traces');
      const service = new Service({ traces: { protocol, endpoint, compression }, worker: false });
      for (let round = 0; round < ROUNDS; round += 1) {
        makeSpans(service, round);
        expect(await service.flush()).toEqual({ kind: 'done' });
      }
      await service.shutdown();
      const written = placedIn('traces', await collector.written('traces'));
      expect(difference(service.made.traces, written)).toEqual(SAME);
      return service;
    };

    it.each(PROTOCOLS)('is zstd from the first request on over %s', async (protocol) => {
      await sendTo({}, protocol, 'zstd');
      expect(sent.encodings).toEqual(['zstd', 'zstd', 'zstd', 'zstd']);
    });

    it.each(['gzip', 'zstd'] as const)(
      'is %s if the HTTP server takes nothing else',
      async (only) => {
        await sendTo({ http: { compression_algorithms: [only] } }, 'http/protobuf', only);
        expect(sent.encodings).toEqual([only, only, only, only]);
      },
    );

    it('is gzip for a server that refused zstd once', async () => {
      const http = { compression_algorithms: ['', 'gzip'] };
      const { lines } = await sendTo({ http }, 'http/protobuf', 'zstd');
      expect(sent.encodings).toEqual(['zstd', 'gzip', 'gzip', 'gzip', 'gzip']);
      expect(lines).toEqual([
        expect.stringContaining('the server does not take zstd; using gzip') as unknown,
      ]);
    });

    it('is off for a server that refused gzip once', async () => {
      await sendTo({ http: { compression_algorithms: [''] } }, 'http/json', 'gzip');
      expect(sent.encodings).toEqual(['gzip', 'identity', 'identity', 'identity', 'identity']);
    });
  });
});
