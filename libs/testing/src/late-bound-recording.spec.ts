import '@nestlens/otel';
import { metrics, trace } from '@opentelemetry/api';
import { recordTelemetry } from './recorded-telemetry.js';

// These are obtained before any recording, like those of modules and decorators.
const tracer = trace.getTracer('early');
const counter = metrics.getMeter('early').createCounter('early.calls');

describe('recordTelemetry beside @nestlens/otel', () => {
  it.each(['first', 'second'])(
    'records with tracers and instruments that were obtained before (%s recording)',
    async (name) => {
      const recorded = recordTelemetry();
      tracer.startActiveSpan(name, (span) => span.end());
      counter.add(1);
      expect(recorded.finishedSpans().map((span) => span.name)).toEqual([name]);
      await expect(recorded.collectMetrics()).resolves.toMatchObject([
        { dataPoints: [{ value: 1 }] },
      ]);
      await recorded.restore();
      expect(tracer.startSpan('after').isRecording()).toBe(false);
    },
  );
});
