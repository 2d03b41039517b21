import { SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { patience } from '@nestlens/testing';
import { summedUp } from './fixtures/ledger-sum.js';
import { Collector } from './fixtures/collector.js';
import { PATIENT } from './fixtures/patient.js';
import { deadEndpoint } from './fixtures/peers.js';
import { createTelemetry } from './fixtures/telemetry.js';
import { createPipeline } from './create-pipeline.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineOptions } from './pipeline-options.js';

describe('createPipeline', () => {
  const collectors: Collector[] = [];
  const pipelines: Pipeline[] = [];

  async function collect(...reply: ConstructorParameters<typeof Collector>): Promise<Collector> {
    const collector = await new Collector(...reply).start();
    collectors.push(collector);
    return collector;
  }
  function create(endpoint: string, options: Partial<PipelineOptions> = {}): Pipeline {
    const pipeline = createPipeline({
      traces: { endpoint },
      worker: false,
      ...PATIENT,
      ...options,
    });
    pipelines.push(pipeline);
    pipeline.start();
    return pipeline;
  }

  afterEach(async () => {
    await Promise.all(
      pipelines.splice(0).map((pipeline) => pipeline.shutdown(AbortSignal.timeout(1000))),
    );
    await Promise.all(collectors.splice(0).map((collector) => collector.stop()));
  });

  it('sends spans, log records and data points to the collector', async () => {
    const collector = await collect();
    const endpoint = collector.grpc;
    const pipeline = create(endpoint, { metrics: { endpoint }, logs: { endpoint } });
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(3);
    telemetry.logger.emit({ body: 'hello', severityNumber: 9 });
    telemetry.meter.createCounter('orders').add(2);
    await telemetry.metrics.forceFlush();
    expect(await pipeline.flush()).toEqual({ kind: 'done' });
    expect(collector.spans()).toEqual(['span 0', 'span 1', 'span 2']);
    expect(collector.logs()).toEqual(['hello']);
    expect(collector.metrics()).toEqual(['orders']);
    expect(pipeline.stats().ledger.traces).toMatchObject({ created: 3, accepted: 3, queued: 0 });
  });

  it('writes its resource once for a slab, with and without errors', async () => {
    const collector = await collect();
    const pipeline = create(collector.grpc);
    const telemetry = createTelemetry(pipeline);
    for (let id = 0; id < 6; id += 1) {
      const span = telemetry.tracer.startSpan(`span ${id}`);
      if (id % 2 === 0) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    }
    await pipeline.flush();
    expect(collector.spans()).toHaveLength(6);
    expect(collector.requests.map(({ groups }) => groups.length)).toEqual([1]);
  });

  it('has memory for log records while spans fill theirs', async () => {
    const collector = await collect();
    const pipeline = create(await deadEndpoint(), {
      logs: { endpoint: collector.grpc },
      maxBytes: 1024 * 1024,
      sealAfterMs: 20,
      shutdownTimeoutMs: 100,
    });
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(20_000);
    for (let id = 0; id < 500; id += 1) telemetry.logger.emit({ body: `record ${id}` });
    await collector.until(() => collector.logs().length === 500);
    const { traces, logs } = pipeline.stats().ledger;
    expect(traces.dropped['queue_full']).toBeGreaterThan(0);
    expect(logs.dropped).toEqual({});
  });

  it('has parts only for signals with a destination', async () => {
    const pipeline = create(await deadEndpoint());
    expect(pipeline.spanProcessor).toBeDefined();
    expect(pipeline.logRecordProcessor).toBeUndefined();
    expect(pipeline.metricExporter).toBeUndefined();
  });

  it('refuses an invalid destination, and does not show its secrets', () => {
    const endpoint = 'ftp://user:canary@collector';
    expect(() => createPipeline({ traces: { endpoint } })).toThrow(/http/);
    expect(() => createPipeline({ traces: { endpoint } })).not.toThrow(/canary/);
  });

  it('sends without a flush after a while', async () => {
    const collector = await collect();
    const pipeline = create(collector.grpc, { sealAfterMs: 20 });
    createTelemetry(pipeline).spans(1);
    await collector.until(() => collector.spans().length === 1);
    expect(collector.spans()).toEqual(['span 0']);
  });

  it('shuts down with the last of its parts', async () => {
    const collector = await collect();
    const logs = { endpoint: collector.grpc };
    const pipeline = create(collector.grpc, { logs });
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(1);
    await telemetry.traces.shutdown();
    expect(collector.spans()).toHaveLength(1);
    telemetry.logger.emit({ body: 'last' });
    await telemetry.logs.shutdown();
    expect(collector.logs()).toEqual(['last']);
    expect(pipeline.stats().runner).toBe('none');
  });

  it('waits for attributes of the resource', async () => {
    const collector = await collect();
    const pipeline = create(collector.grpc);
    const found = Promise.withResolvers<string>();
    const resource = resourceFromAttributes({ 'host.name': found.promise });
    createTelemetry(pipeline, resource).spans(2);
    const flushed = pipeline.flush();
    found.resolve('box');
    expect(await flushed).toEqual({ kind: 'done' });
    const attributes = collector.requests.flatMap(({ groups }) =>
      groups.map((group) => group.resource.attributes['host.name']),
    );
    expect(attributes).toEqual(['box']);
    expect(collector.spans()).toHaveLength(2);
  });

  it('counts partial and complete rejections of the collector', async () => {
    let asked = 0;
    const collector = await collect(() => {
      asked += 1;
      return asked === 1
        ? { kind: 'partial', rejected: 2, message: 'too old' }
        : { kind: 'refused', code: 3, message: 'no' };
    });
    const pipeline = create(collector.grpc);
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(5);
    await pipeline.flush();
    telemetry.spans(4, 5);
    await pipeline.flush();
    const { ledger, last } = pipeline.stats();
    expect(ledger.traces).toMatchObject({ accepted: 3, rejected: 6, queued: 0, dropped: {} });
    expect(last.traces?.outcome.kind).toBe('refused');
  });

  it('loses nothing while the collector restarts', async () => {
    const collector = await collect();
    const pipeline = create(collector.grpc, { sealAfterMs: 20 });
    const telemetry = createTelemetry(pipeline);
    telemetry.spans(100);
    await pipeline.flush();
    await collector.stop();
    telemetry.spans(100, 100);
    expect(await pipeline.flush(AbortSignal.timeout(300))).toMatchObject({ kind: 'deadline' });
    await collector.start();
    telemetry.spans(100, 200);
    expect(await pipeline.flush(patience())).toEqual({ kind: 'done' });
    expect(new Set(collector.spans()).size).toBe(300);
    expect(pipeline.stats().ledger.traces).toMatchObject({ accepted: 300, dropped: {} });
  });

  it('keeps a minute of 500 spans a second in memory through an outage', async () => {
    const collector = await collect();
    await collector.stop();
    const pipeline = create(collector.grpc, { sealAfterMs: 100 });
    createTelemetry(pipeline).spans(30_000);
    expect(await pipeline.flush(new AbortController().signal)).toMatchObject({
      kind: 'unreachable',
      pending: { traces: 30_000 },
    });
    await collector.start();
    expect(await pipeline.flush(patience())).toEqual({ kind: 'done' });
    expect(new Set(collector.spans()).size).toBe(30_000);
    expect(pipeline.stats().ledger.traces).toMatchObject({ accepted: 30_000, dropped: {} });
  });

  it.each(['newest', 'oldest', 'keepErrors'] as const)(
    'stays within its memory and counts dropped items (%s), with one log line',
    async (dropPolicy) => {
      const lines: string[] = [];
      function log(_level: string, line: string): unknown {
        return lines.push(line);
      }
      const endpoint = await deadEndpoint();
      const pipeline = create(endpoint, { maxBytes: 1024 * 1024, dropPolicy, log });
      createTelemetry(pipeline).spans(20_000);
      const { ledger, slabs } = pipeline.stats();
      expect(slabs).toMatchObject({ count: 4, bytes: 1024 * 1024 });
      expect(ledger.traces.dropped.queue_full).toBeGreaterThan(0);
      expect(summedUp(ledger.traces)).toBe(20_000);
      expect(lines.filter((line) => line.includes('queue_full'))).toHaveLength(1);
      const report = await pipeline.shutdown(AbortSignal.timeout(100));
      expect(summedUp(report.ledger.traces)).toBe(20_000);
    },
  );

  it('records metrics about itself if it has a meter', async () => {
    const collector = await collect();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: 3_600_000,
    });
    const provider = new MeterProvider({ readers: [reader] });
    const pipeline = create(collector.grpc, { meter: provider.getMeter('nestlens') });
    createTelemetry(pipeline).spans(3);
    await pipeline.flush();
    await reader.forceFlush();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const exported = metrics.find(
      ({ descriptor }) => descriptor.name === 'otel.sdk.exporter.span.exported',
    );
    expect(exported?.dataPointType).toBe(DataPointType.SUM);
    expect(exported?.dataPoints.map(({ value }) => value)).toEqual([3]);
    const breaker = metrics.find(({ descriptor }) => descriptor.name === 'nestlens.otlp.breaker');
    expect(breaker?.dataPoints.map(({ attributes, value }) => [attributes, value])).toContainEqual([
      {
        'nestlens.otlp.signal': 'traces',
        'nestlens.otlp.breaker.state': 'closed',
        'server.address': '127.0.0.1',
        'server.port': collector.grpcPort,
      },
      1,
    ]);
    await pipeline.shutdown();
    await provider.shutdown();
  });
});
