import { Collector } from './fixtures/collector.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOptions } from './pipeline-options.js';

describe('createPipeline, on the loop', () => {
  let collector: Collector;
  const pipelines: Pipeline[] = [];

  const create = (options: Partial<PipelineOptions> = {}): Pipeline => {
    const endpoint = collector.grpc;
    const pipeline = createPipeline({
      traces: { endpoint },
      metrics: { endpoint },
      logs: { endpoint },
      worker: false,
      ...options,
    });
    pipelines.push(pipeline);
    return pipeline;
  };

  beforeEach(async () => {
    collector = await new Collector().start();
  });

  afterEach(async () => {
    await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
    await collector.stop();
  });

  it('carries spans, records and points to the collector', async () => {
    const pipeline = create();
    const telemetry = createTelemetry(pipeline);
    pipeline.start();
    telemetry.spans(3);
    telemetry.logger.emit({ body: 'hello', severityNumber: 9 });
    telemetry.meter.createCounter('orders').add(2);
    await telemetry.metrics.forceFlush();
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(collector.spans()).toEqual(['span 0', 'span 1', 'span 2']);
    expect(collector.logs()).toEqual(['hello']);
    expect(collector.metrics()).toEqual(['orders']);
    expect(pipeline.stats().ledger.traces).toMatchObject({ created: 3, accepted: 3, queued: 0 });
    await pipeline.shutdown();
  });
});
