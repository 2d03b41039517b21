import type { MeterProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider as SdkMeterProvider } from '@opentelemetry/sdk-metrics';
import type { IMetricReader, ViewOptions } from '@opentelemetry/sdk-metrics';
import { BoundedMeterProvider, Histograms } from '@nestlens/otlp';
import type { BoundedReaderOptions } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import type { OtelConfig } from '../options/otel.config.js';

/** The options of `boundedReader` for `metrics`. */
export const boundsOf = ({ metrics }: OtelConfig): BoundedReaderOptions => ({
  limit: metrics.cardinalityLimit,
  views: metrics.views,
});

/** The options for a reader that waits to be scraped, which may never happen. */
export const scrapedBoundsOf = (config: OtelConfig): BoundedReaderOptions => ({
  ...boundsOf(config),
  ...(config.metrics.views.length > 0 && { idleMs: config.metrics.intervalMs }),
});

/** A stream of a view has the SDK's 2000 sets whatever a reader says, unless the view says something itself. */
const boundedViews = ({ metrics }: OtelConfig): ViewOptions[] =>
  metrics.views.map((view) => ({
    ...view,
    aggregationCardinalityLimit: view.aggregationCardinalityLimit ?? metrics.cardinalityLimit,
  }));

/**
 * The histograms beside the SDK. `undefined` where the SDK's own metrics are on and the app has readers of its own: the
 * SDK gives such a reader a metric of its own only if it knows its class, so it must see the reader itself.
 */
const histogramsOf = ({ metrics }: OtelConfig): Histograms | undefined =>
  metrics.sdk && metrics.readers.length > 0 ? undefined : new Histograms(metrics.views);

/** A meter provider whose limits hold, for observed values before the SDK sees them. */
export const boundedMeters = (
  config: OtelConfig,
  resource: Resource,
  readers: readonly IMetricReader[],
): MeterProvider => {
  const { cardinalityLimit, views, sdk } = config.metrics;
  const histograms = histogramsOf(config);
  const provider = new SdkMeterProvider({
    resource,
    views: boundedViews(config),
    readers: readers.map((reader) => histograms?.beside(reader) ?? reader),
    sdkMetricsEnabled: sdk,
  });
  return new BoundedMeterProvider(provider, {
    limit: cardinalityLimit,
    views,
    onRefused: (instrument, reason) =>
      diag.warn(`An observation of ${instrument} was dropped`, reason),
    ...(histograms && { histograms }),
  });
};
