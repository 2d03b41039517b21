import { useLeakCheck } from '@nestlens/testing';
import { Ids } from '../../faults/fixtures/arrivals.js';
import type { App } from '../../faults/fixtures/app.js';
import { balanceOf, FROM_WORKER, Stage, WHOLE } from '../../faults/fixtures/stage.js';
import { until } from '../../faults/fixtures/until.js';
import { Collector } from '../fixtures/collector.js';
import { placedIn } from '../fixtures/placed.js';

const PER_SECOND = 1000;
const RESTARTS = 3;

describe('an OpenTelemetry Collector that restarts under load', () => {
  useLeakCheck();

  describe.each(['grpc', 'http/protobuf'] as const)('over %s', (protocol) => {
    const stage = new Stage();
    afterEach(() => stage.close());

    const meet = async (): Promise<{ app: App; collector: Collector }> => {
      const collector = stage.keep(await Collector.start(), (each) => each.close());
      const endpoint = collector.endpoint(protocol, 'traces');
      const traces = { protocol, endpoint, compression: 'gzip' } as const;
      return { app: stage.app({ traces, worker: FROM_WORKER }), collector };
    };

    const idsAt = async (collector: Collector): Promise<Ids> => {
      const ids = new Ids();
      const placed = placedIn('traces', await collector.written('traces'));
      ids.add(placed.map(({ item }) => String(item['name'])));
      return ids;
    };

    it.each(['SIGTERM', 'SIGKILL'] as const)('loses no span (%s)', async (signal) => {
      const { app, collector } = await meet();
      app.pace(PER_SECOND);
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const { accepted } = app.ledger;
        await until(() => app.ledger.accepted > accepted);
        await collector.down(signal);
        const made = app.made;
        await until(() => app.made > made + PER_SECOND / 2);
        await collector.up();
      }
      app.rest();
      expect(await app.flush()).toEqual({ kind: 'done' });
      const { ledger } = app;
      const ids = await idsAt(collector);
      const { doubles } = ids;
      expect(balanceOf(app.report(), ids)).toEqual({ ...WHOLE, doubles });
      expect(doubles).toBeLessThanOrEqual(ledger.possibleDuplicates);
      expect(ids.missing(app.made)).toEqual([]);
    });
  });
});
