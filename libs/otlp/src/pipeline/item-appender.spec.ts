import { resourceFromAttributes } from '@opentelemetry/resources';
import { useLeakCheck } from '@nestlens/testing';
import { deadEndpoint } from './fixtures/peers.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';

function thrower(): never {
  throw new Error('hostile');
}
const resource = resourceFromAttributes({ 'service.name': 'spec' });
function spanContext() {
  return { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 };
}

/** Items that no SDK makes, but that another processor may pass on. */
const HOSTILE: readonly object[] = [
  {},
  { spanContext: thrower },
  { spanContext: () => null },
  { spanContext, resource: null },
  { spanContext, resource, status: null },
  {
    spanContext,
    resource,
    get status() {
      return thrower();
    },
  },
  {
    spanContext,
    resource,
    get severityNumber() {
      return thrower();
    },
    get attributes() {
      return thrower();
    },
  },
  new Proxy({}, { get: thrower }),
];

describe('an item that cannot be read', () => {
  useLeakCheck();
  let pipeline: Pipeline;

  beforeEach(async () => {
    const endpoint = await deadEndpoint();
    pipeline = createPipeline({ traces: { endpoint }, logs: { endpoint }, worker: false });
  });
  afterEach(() => pipeline.shutdown(AbortSignal.timeout(100)));

  it('is dropped and counted by both processors, which do not throw', () => {
    for (const item of HOSTILE) {
      expect(() => pipeline.spanProcessor?.onEnd(item as never)).not.toThrow();
      expect(() => pipeline.logRecordProcessor?.onEmit(item as never)).not.toThrow();
    }
    const { traces, logs } = pipeline.stats().ledger;
    for (const { created, queued, dropped } of [traces, logs]) {
      expect({ created, queued, dropped }).toEqual({
        created: HOSTILE.length,
        queued: 0,
        dropped: { encode_failed: HOSTILE.length },
      });
    }
  });

  it('does not affect others that wait for the same resource', async () => {
    let found: () => void = () => {};
    const pending = new Promise<void>((resolve) => (found = resolve));
    const late = resourceFromAttributes({ late: pending });
    const item = {
      spanContext,
      resource: late,
      get status() {
        return thrower();
      },
    };
    pipeline.spanProcessor?.onEnd(item as never);
    pipeline.logRecordProcessor?.onEmit({
      resource: late,
      instrumentationScope: { name: 'a' },
      hrTime: [1, 0],
      hrTimeObserved: [1, 0],
      attributes: {},
      droppedAttributesCount: 0,
    } as never);
    found();
    await pipeline.flush(AbortSignal.timeout(100));
    const { traces, logs } = pipeline.stats().ledger;
    expect([traces.created, traces.dropped.encode_failed]).toEqual([1, 1]);
    expect([logs.created, logs.dropped.encode_failed ?? 0]).toEqual([1, 0]);
  });
});
