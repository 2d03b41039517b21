import { AggregationTemporality, InstrumentType, MetricReader } from '@opentelemetry/sdk-metrics';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { InstrumentationScope } from '@opentelemetry/core';

/** One metric with its points and its scope. */
export type RecordedMetric = MetricData & { readonly scope: InstrumentationScope };

/** A metric reader that collects only on demand. */
export class OnDemandReader extends MetricReader {
  constructor(temporality: 'delta' | 'cumulative') {
    super({
      aggregationTemporalitySelector: (type) =>
        temporality === 'cumulative' || UP_DOWN.has(type)
          ? AggregationTemporality.CUMULATIVE
          : AggregationTemporality.DELTA,
    });
  }

  async metrics(): Promise<readonly RecordedMetric[]> {
    const { resourceMetrics, errors } = await this.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'a metric callback failed');
    return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics
        .filter((metric) => metric.dataPoints.length > 0)
        .map((metric) => ({ ...metric, scope })),
    );
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const UP_DOWN: ReadonlySet<InstrumentType> = new Set([
  InstrumentType.UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
]);
