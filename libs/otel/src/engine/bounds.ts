import type { MeterProvider } from '@opentelemetry/api';
import type { ViewOptions } from '@opentelemetry/sdk-metrics';
import { BoundedMeterProvider } from '@nestlens/otlp';
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
export const boundedViews = ({ metrics }: OtelConfig): ViewOptions[] =>
  metrics.views.map((view) => ({
    ...view,
    aggregationCardinalityLimit: view.aggregationCardinalityLimit ?? metrics.cardinalityLimit,
  }));

/** The limit for observed values. It has to hold before the SDK sees them. */
export const boundedMeters = (real: MeterProvider, { metrics }: OtelConfig): MeterProvider =>
  new BoundedMeterProvider(real, {
    limit: metrics.cardinalityLimit,
    views: metrics.views,
    onRefused: (instrument, reason) =>
      diag.warn(`An observation of ${instrument} was dropped`, reason),
  });
