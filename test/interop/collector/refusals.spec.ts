import { useLeakCheck } from '@nestlens/testing';
import type { PipelineOptions } from '../../../libs/otlp/src/pipeline/pipeline-options.js';
import type { HeaderValues } from '../../../libs/otlp/src/transport/headers.js';
import { difference, SAME } from '../fixtures/arrived.js';
import { Collector } from '../fixtures/collector.js';
import type { CollectorOptions } from '../fixtures/collector.js';
import { placedIn } from '../fixtures/placed.js';
import { until } from '../../faults/fixtures/until.js';
import { Service } from '../fixtures/service.js';
import { makeSpans } from '../fixtures/workload.js';

const SPANS = 4000;
const TOKEN = 'canary-token';
const AUTH = { authenticator: 'bearertokenauth' };
const GUARDED: CollectorOptions = {
  grpc: { auth: AUTH },
  http: { auth: AUTH },
  extensions: { bearertokenauth: { token: TOKEN } },
};

describe('an OpenTelemetry Collector that refuses', () => {
  useLeakCheck();

  describe.each(['grpc', 'http/protobuf'] as const)('over %s', (protocol) => {
    let collector: Collector;
    let service: Service | undefined;
    afterEach(async () => {
      await service?.shutdown();
      await collector.close();
    });

    const meet = async (
      options: CollectorOptions,
      headers: HeaderValues | (() => HeaderValues) = {},
      pipeline: Partial<PipelineOptions> = {},
    ): Promise<Service> => {
      collector = await Collector.start(options);
      const endpoint = collector.endpoint(protocol, 'traces');
      service = new Service({
        traces: { protocol, endpoint, headers },
        worker: false,
        ...pipeline,
      });
      return service;
    };
    const arrived = async ({ made }: Service): Promise<object> =>
      difference(made.traces, placedIn('traces', await collector.written('traces')));

    it('takes requests with its token, for which each request calls the header function', async () => {
      let asked = 0;
      const headers = (): HeaderValues => {
        asked += 1;
        return { authorization: `Bearer ${TOKEN}` };
      };
      const guarded = await meet(GUARDED, headers);
      for (let round = 1; round <= 3; round += 1) {
        makeSpans(guarded, round);
        expect(await guarded.flush()).toEqual({ kind: 'done' });
        expect(asked).toBe(round);
      }
      expect(await arrived(guarded)).toEqual(SAME);
    });

    it.each([
      ['no token', {}],
      ['another token', { authorization: 'Bearer other-canary' }],
    ])(
      'rejects requests with %s: they are counted, and no log line shows a token',
      async (_what, headers) => {
        const guarded = await meet(GUARDED, headers);
        makeSpans(guarded, 1);
        expect(await guarded.flush()).toEqual({ kind: 'done' });
        const { ledger, last } = guarded.pipeline.stats();
        const { length } = guarded.made.traces;
        expect(ledger.traces).toMatchObject({ created: length, rejected: length, accepted: 0 });
        const reason = protocol === 'grpc' ? 'UNAUTHENTICATED' : '401';
        expect(last.traces?.outcome).toEqual({ kind: 'refused', reason });
        expect(guarded.lines.join('\n')).not.toContain('canary');
        expect(await collector.written('traces')).toEqual([]);
      },
    );

    it('is sent requests again that it refused when its memory was full', async () => {
      // The collector itself exceeds a limit that small.
      const memory_limiter = { check_interval: '10ms', limit_mib: 1 };
      const throttled = await meet({ processors: { memory_limiter } });
      const limited = 'Memory usage is above hard limit';
      await until(() => collector.said().some((line) => line.startsWith(limited)));
      makeSpans(throttled, 1);
      const flushed = throttled.flush();
      const full =
        /^warn: traces not taken by .*: data refused due to high memory usage; trying again$/;
      await until(() => throttled.lines.some((line) => full.test(line)));
      await collector.down();
      await collector.up({});
      expect(await flushed).toEqual({ kind: 'done' });
      expect(await arrived(throttled)).toEqual(SAME);
      expect(throttled.pipeline.stats().ledger.traces).toMatchObject({ rejected: 0, dropped: {} });
    });

    it('is sent batches larger than its limit in parts', async () => {
      const tight = {
        grpc: { max_recv_msg_size_mib: 1 },
        http: { max_request_body_size: 1 << 20 },
      };
      const strict = await meet(tight, {}, { targetBytes: 4 << 20 });
      const tracer = strict.traces.getTracer('large');
      for (let id = 0; id < SPANS; id += 1) {
        tracer.startSpan(`span ${id}`, { attributes: { path: '/'.repeat(1000) } }).end();
      }
      expect(await strict.flush()).toEqual({ kind: 'done' });
      expect(strict.pipeline.stats().ledger.traces).toMatchObject({
        accepted: SPANS,
        rejected: 0,
        possibleDuplicates: 0,
      });
      const written = placedIn('traces', await collector.written('traces'));
      expect(written).toHaveLength(SPANS);
    });
  });
});
