import { useLeakCheck } from '@nestlens/testing';
import { FROM_WORKER } from '../../faults/fixtures/stage.js';
import { ARRIVED, arrivedOf } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import { everySignal, PROTOCOLS } from '../fixtures/destinations.js';
import { Service } from '../fixtures/service.js';
import { work } from '../fixtures/workload.js';

describe('a unix socket of the OpenTelemetry Collector', () => {
  useLeakCheck();

  describe('as the endpoint', () => {
    let collector: Collector;
    beforeEach(async () => (collector = await Collector.start({ unix: true })));
    afterEach(() => collector.close());

    it.each(PROTOCOLS)('carries all signals over %s', async (protocol) => {
      const service = new Service({
        ...everySignal((signal) => {
          return { protocol, compression: 'zstd', endpoint: collector.endpoint(protocol, signal) };
        }),
        worker: FROM_WORKER,
      });
      work(service, 1);
      expect(await service.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      expect(await arrivedOf(service, collector)).toEqual(ARRIVED);
    });
  });
});
