import { strict as assert } from 'node:assert';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { DataPoint } from '@opentelemetry/sdk-metrics';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { OnDemandReader } from '../on-demand-reader.js';
import type { ContractCase } from './contract.js';
import { REMOTE, below } from './tracer-bench.js';
import type { OnTracer } from './tracer-bench.js';

/** Metrics of a tracer about itself. [semantic conventions, "OpenTelemetry SDK metrics"] */
export const tracerMetricCases = (on: OnTracer): readonly ContractCase[] => {
  const reader = new OnDemandReader('cumulative');
  const meterProvider = new MeterProvider({ readers: [reader] });
  let decision = SamplingDecision.RECORD_AND_SAMPLED;
  const pointsOf = async (name: string) => {
    const metric = (await reader.metrics()).find(({ descriptor }) => descriptor.name === name);
    return metric?.dataPoints
      .map(
        ({ attributes, value }: DataPoint<unknown>) =>
          `${String(attributes['otel.span.sampling_result'])} ${String(attributes['otel.span.parent.origin'])}: ${Number(value)}`,
      )
      .toSorted();
  };
  return [
    on(
      'counts the spans that were started, and those that live',
      async (bench) => {
        const root = bench.start();
        bench.start({}, trace.setSpan(ROOT_CONTEXT, root)).end();
        bench.start({}, below(REMOTE)).end();
        decision = SamplingDecision.RECORD;
        bench.start().end();
        decision = SamplingDecision.NOT_RECORD;
        bench.start().end();
        bench.start();
        assert.deepEqual(await pointsOf('otel.sdk.span.started'), [
          'DROP none: 2',
          'RECORD_AND_SAMPLE local: 1',
          'RECORD_AND_SAMPLE none: 1',
          'RECORD_AND_SAMPLE remote: 1',
          'RECORD_ONLY none: 1',
        ]);
        assert.deepEqual(await pointsOf('otel.sdk.span.live'), [
          'RECORD_AND_SAMPLE undefined: 1',
          'RECORD_ONLY undefined: 0',
        ]);
        root.end();
        root.end();
        assert.deepEqual(await pointsOf('otel.sdk.span.live'), [
          'RECORD_AND_SAMPLE undefined: 0',
          'RECORD_ONLY undefined: 0',
        ]);
        await meterProvider.shutdown();
      },
      { meterProvider, sampler: { shouldSample: () => ({ decision }) } },
    ),
  ];
};
