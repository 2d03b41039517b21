import { useLeakCheck } from '@nestlens/testing';
import type { PipelineOptions } from '../../../libs/otlp/src/pipeline/pipeline-options.js';
import type { Protocol } from '../../../libs/otlp/src/wire/model.js';
import type { Encoding } from '../../../libs/otlp/src/transport/encoding.js';
import { FROM_WORKER } from '../../faults/fixtures/stage.js';
import { ARRIVED, arrivedOf } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import { everySignal, PROTOCOLS } from '../fixtures/destinations.js';
import { makeRandomItems } from '../fixtures/random-work.js';
import { Service } from '../fixtures/service.js';
import { observe, work } from '../fixtures/workload.js';

const ENCODINGS = ['identity', 'gzip', 'zstd'] as const satisfies readonly Encoding[];
const WAYS = PROTOCOLS.flatMap((protocol) =>
  ENCODINGS.map((encoding) => [protocol, encoding] as const),
);
const ROUNDS = 3;

describe('every field that the SDK set arrives at the OpenTelemetry Collector', () => {
  useLeakCheck();

  describe('in all signals', () => {
    let collector: Collector;
    beforeEach(async () => (collector = await Collector.start()));
    afterEach(() => collector.close());

    const serviceTo = (
      protocol: Protocol,
      compression: Encoding,
      options: Partial<PipelineOptions>,
    ): Service =>
      new Service({
        ...everySignal((signal) => {
          return { protocol, compression, endpoint: collector.endpoint(protocol, signal) };
        }),
        ...options,
      });

    /** Makes every item three times and shuts down. */
    const doWork = async (service: Service): Promise<void> => {
      observe(service);
      for (let round = 0; round < ROUNDS; round += 1) {
        work(service, round);
        expect(await service.flush()).toEqual({ kind: 'done' });
      }
      await service.shutdown();
    };

    it.each(WAYS)('over %s with %s, from a worker', async (protocol, encoding) => {
      const service = serviceTo(protocol, encoding, { worker: FROM_WORKER });
      await doWork(service);
      expect(await arrivedOf(service, collector)).toEqual(ARRIVED);
      expect(service.lines).toEqual([]);
    });

    it('with delta temporality, from the main thread', async () => {
      const service = serviceTo('grpc', 'gzip', { worker: false, temporality: 'delta' });
      await doWork(service);
      expect(await arrivedOf(service, collector)).toEqual(ARRIVED);
      expect(JSON.stringify(service.made.metrics)).toContain('"aggregationTemporality":1');
    });

    it.each(PROTOCOLS)('with random shapes and values over %s', async (protocol) => {
      const service = serviceTo(protocol, 'zstd', { worker: FROM_WORKER });
      for (let seed = 1; seed <= 4; seed += 1) makeRandomItems(service, seed);
      expect(await service.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      expect(await arrivedOf(service, collector)).toEqual(ARRIVED);
      expect(service.lines).toEqual([]);
    });
  });
});
