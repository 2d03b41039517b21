import { useLeakCheck } from '@nestlens/testing';
import type { PipelineOptions } from '../../../libs/otlp/src/pipeline/pipeline-options.js';
import { difference, SAME } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import type { Written } from '../fixtures/collector.js';
import { everySignal, PROTOCOLS } from '../fixtures/destinations.js';
import { byPoint, placedIn } from '../fixtures/placed.js';
import { Service } from '../fixtures/service.js';

const MIB = 1024 * 1024;
const SPANS = 4000;
/** The default limit of the collector's gRPC receiver. */
const MOST_BYTES = 4 * MIB;

/** Each slab begins with its resource, so their number tells from how many slabs a request was joined. */
const slabsIn = (request: Written, key: string): number => (request[key] as unknown[]).length;

describe('the OpenTelemetry Collector takes large requests', () => {
  useLeakCheck();

  describe('made of many slabs', () => {
    let collector: Collector;
    beforeEach(async () => (collector = await Collector.start()));
    afterEach(() => collector.close());

    const serviceOver = (
      protocol: (typeof PROTOCOLS)[number],
      options: Partial<PipelineOptions>,
    ): Service =>
      new Service({
        ...everySignal((signal) => ({ protocol, endpoint: collector.endpoint(protocol, signal) })),
        worker: false,
        ...options,
      });

    const makeSpans = (service: Service): void => {
      const tracer = service.traces.getTracer('volume');
      for (let id = 0; id < SPANS; id += 1) {
        const span = tracer.startSpan(`GET /orders/${id}`, { attributes: { id } });
        span.setAttributes({ path: `/orders/${id}`.padEnd(1300, '/'), big: id * 2 ** 31 });
        span.end();
      }
    };

    it.each(PROTOCOLS)('of 1 MiB over %s', async (protocol) => {
      const service = serviceOver(protocol, {});
      makeSpans(service);
      expect(await service.pipeline.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      const requests = await collector.written('traces');
      expect(difference(service.made.traces, placedIn('traces', requests))).toEqual(SAME);
      expect(Math.max(...requests.map((each) => slabsIn(each, 'resourceSpans')))).toBe(4);
    });

    it.each(PROTOCOLS)('of 4 MiB, its default limit, over %s', async (protocol) => {
      const service = serviceOver(protocol, { targetBytes: MOST_BYTES });
      makeSpans(service);
      expect(await service.pipeline.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      const requests = await collector.written('traces');
      expect(difference(service.made.traces, placedIn('traces', requests))).toEqual(SAME);
      expect(service.lines).toEqual([]);
      expect(Math.max(...requests.map((each) => slabsIn(each, 'resourceSpans')))).toBe(16);
    });

    it('of log records of 20 kB', async () => {
      const service = serviceOver('grpc', { targetBytes: MOST_BYTES });
      const logger = service.logs.getLogger('volume');
      for (let id = 0; id < 200; id += 1) {
        logger.emit({ body: `${id} `.padEnd(20_000, 'x'), attributes: { id } });
      }
      expect(await service.pipeline.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      const written = placedIn('logs', await collector.written('logs'));
      expect(difference(service.made.logs, written)).toEqual(SAME);
    });

    it('and the parts of a collection of metrics', async () => {
      const service = serviceOver('grpc', {});
      const meter = service.metrics.getMeter('volume');
      for (let id = 0; id < 1900; id += 1) {
        const point = { id, path: `/orders/${id}`.padEnd(300, '/') };
        meter.createCounter('orders').add(id, point);
        meter.createHistogram('duration').record(id, point);
      }
      expect(await service.flush()).toEqual({ kind: 'done' });
      await service.shutdown();
      const requests = await collector.written('metrics');
      expect(requests.length).toBeGreaterThan(2);
      const points = byPoint(placedIn('metrics', requests));
      expect(difference(byPoint(service.made.metrics), points)).toEqual(SAME);
    });
  });
});
