import type { FactoryProvider } from '@nestjs/common';
import type {
  Counter,
  Gauge,
  Histogram,
  Meter,
  MetricOptions,
  UpDownCounter,
} from '@opentelemetry/api';
import { globalProviders } from '../late-bound/globals.js';
import { OTEL_METER, getInstrumentToken } from './instrument.tokens.js';

/** Scope of instruments in an app that has no OtelModule. */
const FALLBACK_SCOPE = 'app';

/** The app's own meter, which OtelModule provides. */
export const METER_DEPENDENCY = { token: OTEL_METER, optional: true } as const;

export const meterOf = (meter: unknown): Meter =>
  (meter as Meter | undefined) ?? globalProviders.meters.getMeter(FALLBACK_SCOPE);

const provide = <Instrument>(
  name: string,
  create: (meter: Meter) => Instrument,
): FactoryProvider<Instrument> => ({
  provide: getInstrumentToken(name),
  inject: [METER_DEPENDENCY],
  useFactory: (meter: unknown) => create(meterOf(meter)),
});

/**
 * Provides a counter for `@InjectInstrument(name)`. Like all instruments here it may be made before the
 * SDK starts, and outlives it.
 */
export const provideCounter = (name: string, options?: MetricOptions): FactoryProvider<Counter> =>
  provide(name, (meter) => meter.createCounter(name, options));

/** Provides a counter that also goes down, for `@InjectInstrument(name)`. */
export const provideUpDownCounter = (
  name: string,
  options?: MetricOptions,
): FactoryProvider<UpDownCounter> =>
  provide(name, (meter) => meter.createUpDownCounter(name, options));

/** Provides a histogram for `@InjectInstrument(name)`. */
export const provideHistogram = (
  name: string,
  options?: MetricOptions,
): FactoryProvider<Histogram> => provide(name, (meter) => meter.createHistogram(name, options));

/** Provides a gauge for `@InjectInstrument(name)`. */
export const provideGauge = (name: string, options?: MetricOptions): FactoryProvider<Gauge> =>
  provide(name, (meter) => meter.createGauge(name, options));
