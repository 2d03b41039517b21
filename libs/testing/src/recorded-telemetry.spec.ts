import {
  context,
  logs,
  metrics,
  propagation,
  SeverityNumber,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { DataPointType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { recordTelemetry } from './recorded-telemetry.js';
import type { RecordedTelemetry } from './recorded-telemetry.js';
import { expectSpanTree } from './span-tree-match.js';

const tracer = () => trace.getTracer('spec');
const work = (name: string) => tracer().startActiveSpan(name, (span) => span.end());

describe('recordTelemetry', () => {
  let recorded: RecordedTelemetry;
  beforeEach(() => {
    recorded = recordTelemetry({ serviceName: 'orders' });
  });
  afterEach(() => recorded.restore());

  it('records ended spans with their service and parents', async () => {
    await tracer().startActiveSpan('outer', { kind: SpanKind.SERVER }, async (span) => {
      await Promise.resolve();
      work('inner');
      expect(recorded.finishedSpans()).toHaveLength(1);
      span.end();
    });
    expectSpanTree(recorded.finishedSpans(), {
      name: 'outer',
      kind: 'server',
      service: 'orders',
      scope: 'spec',
      children: [{ name: 'inner', kind: 'internal' }],
    });
  });

  it('resolves a wait for a span when it ends', async () => {
    const span = tracer().startSpan('late');
    const wait = recorded.waitForSpans((spans) => spans.some(({ name }) => name === 'late'));
    span.end();
    await expect(wait).resolves.toHaveLength(1);
  });

  it('records log records with the active span', async () => {
    const wait = recorded.waitForLogRecords(1);
    tracer().startActiveSpan('logs', (span) => {
      logs.getLogger('spec').emit({ severityNumber: SeverityNumber.INFO, body: 'hello' });
      span.end();
    });
    const [record] = await wait;
    const [span] = recorded.finishedSpans();
    expect(record).toMatchObject({
      body: 'hello',
      resource: { attributes: { 'service.name': 'orders' } },
    });
    expect(record?.spanContext?.spanId).toBe(span?.spanContext().spanId);
  });

  it('returns the measurements since the last collection', async () => {
    const counter = metrics.getMeter('spec').createCounter('orders.placed', { unit: '{order}' });
    counter.add(2, { kind: 'a' });
    const [placed] = await recorded.collectMetrics();
    expect(placed).toMatchObject({
      descriptor: { name: 'orders.placed', unit: '{order}' },
      scope: { name: 'spec' },
      dataPointType: DataPointType.SUM,
      dataPoints: [{ value: 2, attributes: { kind: 'a' } }],
    });
    counter.add(5);
    await recorded.reset();
    await expect(recorded.collectMetrics()).resolves.toEqual([]);
  });

  it('returns totals with cumulative temporality', async () => {
    await recorded.restore();
    recorded = recordTelemetry({ temporality: 'cumulative' });
    const counter = metrics.getMeter('spec').createCounter('orders.placed');
    counter.add(2);
    await recorded.reset();
    counter.add(1);
    await expect(recorded.collectMetrics()).resolves.toMatchObject([
      { dataPoints: [{ value: 3 }] },
    ]);
  });

  it('rejects a collection whose callback throws', async () => {
    metrics
      .getMeter('spec')
      .createObservableGauge('broken')
      .addCallback(() => {
        throw new Error('no reading');
      });
    await expect(recorded.collectMetrics()).rejects.toThrow('a metric callback failed');
  });

  it('does not record unsampled spans', async () => {
    await recorded.restore();
    recorded = recordTelemetry({
      sampler: { shouldSample: () => ({ decision: 1 }), toString: () => 'record only' },
    });
    work('unsampled');
    expect(recorded.finishedSpans()).toEqual([]);
  });

  it('propagates W3C trace context and baggage', () => {
    const carrier: Record<string, string> = {};
    tracer().startActiveSpan('caller', (span) => {
      const active = propagation.setBaggage(
        context.active(),
        propagation.createBaggage({ user: { value: 'a' } }),
      );
      propagation.inject(active, carrier);
      expect(carrier['traceparent']).toContain(span.spanContext().spanId);
      span.end();
    });
    expect(carrier['baggage']).toBe('user=a');
  });

  it('has no spans and log records after reset()', async () => {
    work('before');
    logs.getLogger('spec').emit({ body: 'before' });
    await recorded.reset();
    expect([...recorded.finishedSpans(), ...recorded.logRecords()]).toEqual([]);
  });

  it('removes all globals on restore(), which may be called twice', async () => {
    await Promise.all([recorded.restore(), recorded.restore()]);
    work('after');
    expect(recorded.finishedSpans()).toEqual([]);
    expect(trace.getTracer('spec').startSpan('x').isRecording()).toBe(false);
    expect(metrics.setGlobalMeterProvider(new MeterProvider())).toBe(true);
    metrics.disable();
  });

  it('restores the provider that was global before', async () => {
    await recorded.restore();
    const provider = new TracerProvider();
    trace.setGlobalTracerProvider(provider);
    recorded = recordTelemetry();
    work('recorded');
    expect(recorded.finishedSpans()).toHaveLength(1);
    await recorded.restore();
    const span = trace.getTracer('spec').startSpan('theirs');
    expect(span.isRecording()).toBe(true);
    expect(recorded.finishedSpans()).toHaveLength(1);
    trace.disable();
    await provider.shutdown();
  });
});
