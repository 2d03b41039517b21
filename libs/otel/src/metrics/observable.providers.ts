import type { FactoryProvider } from '@nestjs/common';
import type { Meter, MetricOptions, Observable, ObservableResult } from '@opentelemetry/api';
import { AppTelemetry } from '../late-bound/app-telemetry.js';
import { METER_DEPENDENCY, meterOf } from './instrument.providers.js';
import { getInstrumentToken } from './instrument.tokens.js';
import { ObservedInstrument } from './observed-instrument.js';

/** An instrument that is asked for its value at each collection. */
export interface ObservableOptions<Deps extends unknown[]> extends MetricOptions {
  /** Injected, and passed to `observe` after the result. Default: none. */
  inject?: FactoryProvider['inject'];
  /** Called at each collection. What it throws costs this collection this instrument, and is reported. */
  observe: (result: ObservableResult, ...deps: Deps) => void | Promise<void>;
}

const APP_DEPENDENCY = { token: AppTelemetry, optional: true } as const;

const provide = <Deps extends unknown[]>(
  name: string,
  { inject = [], observe, ...options }: ObservableOptions<Deps>,
  create: (meter: Meter, options: MetricOptions) => Observable,
): FactoryProvider<Observable> => ({
  provide: getInstrumentToken(name),
  inject: [METER_DEPENDENCY, APP_DEPENDENCY, ...inject],
  useFactory: (meter: unknown, app: unknown, ...deps: unknown[]) =>
    new ObservedInstrument(
      create(meterOf(meter), options),
      (result) => observe(result, ...(deps as Deps)),
      app as AppTelemetry | undefined,
    ),
});

/**
 * Provides a gauge that is observed. It works without being injected anywhere:
 *
 *     provideObservableGauge('queue.depth', {
 *       unit: '{job}',
 *       inject: [Queue],
 *       observe: (result, queue: Queue) => result.observe(queue.depth),
 *     })
 */
export const provideObservableGauge = <Deps extends unknown[]>(
  name: string,
  options: ObservableOptions<Deps>,
): FactoryProvider<Observable> =>
  provide(name, options, (meter, metric) => meter.createObservableGauge(name, metric));

/** Provides a counter that is observed; `observe` gives the sum so far. */
export const provideObservableCounter = <Deps extends unknown[]>(
  name: string,
  options: ObservableOptions<Deps>,
): FactoryProvider<Observable> =>
  provide(name, options, (meter, metric) => meter.createObservableCounter(name, metric));

/** Provides a counter that also goes down and is observed; `observe` gives the sum of the moment. */
export const provideObservableUpDownCounter = <Deps extends unknown[]>(
  name: string,
  options: ObservableOptions<Deps>,
): FactoryProvider<Observable> =>
  provide(name, options, (meter, metric) => meter.createObservableUpDownCounter(name, metric));
