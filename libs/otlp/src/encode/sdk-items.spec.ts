import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { decodeExportRequest } from '../wire/export-request.js';
import {
  officialMetrics,
  officialRecords,
  officialSpans,
} from '../wire/fixtures/official-items.js';
import { encodeRequest } from './fixtures/request.js';

const remote = {
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  traceFlags: 1,
  isRemote: true,
};

describe('items of the SDK decode as from the official serializers', () => {
  it('for spans with a remote parent, an exception, links and too many attributes', async () => {
    const spans = await officialSpans(
      (provider) => {
        const tracer = provider.getTracer('shop', '1.0', { schemaUrl: 'https://s' });
        const parent = trace.setSpanContext(ROOT_CONTEXT, remote);
        const span = tracer.startSpan('GET /', { kind: 1, links: [{ context: remote }] }, parent);
        span.setAttributes({ a: 1, b: 'é', c: [true, false], d: 'dropped' });
        span.addEvent('first').addEvent('second', { x: 0.5 });
        span.recordException(new TypeError('bad'));
        span.setStatus({ code: 2, message: 'failed' });
        span.end();
        tracer.startSpan('other').end();
      },
      { attributeCountLimit: 3, eventCountLimit: 2 },
    );
    const { bytes, dropped } = encodeRequest('traces', spans);
    const theirs = ProtobufTraceSerializer.serializeRequest(spans)!;
    expect(dropped).toBe(0);
    expect(decodeExportRequest('traces', bytes)).toEqual(decodeExportRequest('traces', theirs));
  });

  it('for log records with an event name, an exception and a map as body', async () => {
    const records = await officialRecords((provider) => {
      const logger = provider.getLogger('shop');
      const context = trace.setSpanContext(ROOT_CONTEXT, remote);
      logger.emit({ eventName: 'placed', body: { order: [1, null] }, severityNumber: 9, context });
      logger.emit({ exception: new TypeError('bad'), severityText: 'ERROR', body: 'failed' });
    });
    expect(records).toHaveLength(2);
    const { bytes } = encodeRequest('logs', records);
    const theirs = ProtobufLogsSerializer.serializeRequest(records)!;
    expect(decodeExportRequest('logs', bytes)).toEqual(decodeExportRequest('logs', theirs));
  });

  it.each([AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])(
    'for metrics of every kind, temporality %s',
    async (temporality) => {
      const metrics = await officialMetrics(temporality, (provider) => {
        const meter = provider.getMeter('shop', '1.0');
        for (const value of [0, 0.5, 3, 1e9]) {
          meter.createCounter('counter', { description: 'd', unit: '1' }).add(value, { value });
          meter.createUpDownCounter('updown', { valueType: 0 }).add(-Math.trunc(value));
          meter.createGauge('gauge').record(value);
          meter.createHistogram('histogram').record(value, { value });
          meter.createHistogram('exp').record(value - 1);
        }
      });
      const { bytes, dropped } = encodeRequest('metrics', metrics);
      const theirs = ProtobufMetricsSerializer.serializeRequest(metrics)!;
      expect(dropped).toBe(0);
      expect(decodeExportRequest('metrics', bytes)).toEqual(decodeExportRequest('metrics', theirs));
    },
  );
});
