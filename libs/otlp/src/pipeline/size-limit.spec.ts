import type { ExportRequest } from '../wire/model.js';
import { Collector } from './fixtures/collector.js';
import { PATIENT } from './fixtures/patient.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { Protocol } from '../wire/model.js';

const SPANS = 9000;
/** More spans than a slab holds, since a slab is not split. */
const MOST = 3000;

function spansIn(request: ExportRequest): number {
  return request.signal === 'traces'
    ? request.groups.flatMap(({ scopes }) => scopes.flatMap(({ items }) => items)).length
    : 0;
}

describe.each(['grpc', 'http/protobuf', 'http/json'] as const satisfies readonly Protocol[])(
  'a collector that accepts only small requests, over %s',
  (protocol) => {
    let collector: Collector;
    let pipeline: Pipeline;

    afterEach(async () => {
      await pipeline.shutdown();
      await collector.stop();
    });

    it('receives everything in parts, and no request that is too large after that', async () => {
      let refusals = 0;
      collector = await new Collector((request) => {
        if (spansIn(request) <= MOST) return { kind: 'accepted' };
        refusals += 1;
        // The message is that of grpc-go, the status that of HTTP servers.
        const message = 'grpc: received message larger than max';
        return { kind: 'refused', code: 8, httpStatus: 413, message };
      }).start();
      const endpoint = protocol === 'grpc' ? collector.grpc : collector.http('traces');
      pipeline = createPipeline({ traces: { protocol, endpoint }, worker: false, ...PATIENT });
      const telemetry = createTelemetry(pipeline);
      telemetry.spans(SPANS);
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(new Set(collector.spans()).size).toBe(SPANS);
      expect(collector.spans()).toHaveLength(SPANS);
      expect(refusals).toBeGreaterThan(0);
      const learned = refusals;
      telemetry.spans(SPANS, SPANS);
      expect(await pipeline.flush()).toEqual({ kind: 'done' });
      expect(refusals).toBe(learned);
      expect(pipeline.stats().ledger.traces).toMatchObject({ accepted: 2 * SPANS, rejected: 0 });
    });
  },
);
