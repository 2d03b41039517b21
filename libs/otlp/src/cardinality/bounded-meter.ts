import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MeterOptions,
  MeterProvider,
  MetricOptions,
  Observable,
  UpDownCounter,
} from '@opentelemetry/api';
import type { InstrumentType, ViewOptions } from '@opentelemetry/sdk-metrics';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Histograms } from '../histogram/histograms.js';
import { BoundedBatches, BoundedObservable } from './bounded-observable.js';
import { ObservedSets } from './observed-sets.js';
import type { ObservedKind } from './observed-sets.js';
import { limitOf, viewsOf } from './stream-rules.js';

/** Options of `BoundedMeterProvider`. */
export interface BoundedMetersOptions {
  /** The most sets of one observed instrument, including the overflow. At least 1. */
  readonly limit: number;
  /** The views of the meter provider: their own limits apply to the metrics that they shape. Default: none. */
  readonly views?: readonly ViewOptions[];
  /** Called for an observation that was left out, such as one that is not a number. Default: not called. */
  readonly onRefused?: (instrument: string, reason: unknown) => void;
  /** Keeps the histograms in the place of the provider. Default: they are the provider's own. @internal */
  readonly histograms?: Histograms;
}

const TYPES: Readonly<Record<ObservedKind, `${InstrumentType}`>> = {
  counter: 'OBSERVABLE_COUNTER',
  'up-down-counter': 'OBSERVABLE_UP_DOWN_COUNTER',
  gauge: 'OBSERVABLE_GAUGE',
};
/** ValueType.INT of the API. */
const INT = 0;

/**
 * Wraps `provider` with a limit of attribute sets for observed instruments. The SDK's own limit loses data there: of
 * the sets past it, it keeps the last value. So the SDK is shown no more sets than it keeps apart; the others are
 * shown as their sum. Counters and gauges that are recorded to are the provider's own, at no cost here.
 *
 * Left to the SDK: instruments with a view that drops attributes, which would also drop the overflow's.
 */
export class BoundedMeterProvider implements MeterProvider {
  readonly #provider: MeterProvider;
  readonly #options: BoundedMetersOptions;
  /** Instruments of the same name share their points in the SDK, and therefore their sets. */
  readonly #sets = new Map<string, ObservedSets>();

  constructor(provider: MeterProvider, options: BoundedMetersOptions) {
    this.#provider = provider;
    this.#options = options;
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const meter = this.#provider.getMeter(name, version, options);
    const scope = { name, version: version ?? '', schemaUrl: options?.schemaUrl };
    return new BoundedMeter(
      meter,
      (kind, instrument, metric, real) => this.#bounded(scope, kind, instrument, metric, real),
      (instrument, metric, real) =>
        this.#options.histograms?.create(scope, instrument, metric, real) ?? real,
    );
  }

  #bounded(
    scope: InstrumentationScope,
    kind: ObservedKind,
    name: string,
    { unit = '', valueType }: MetricOptions,
    real: Observable,
  ): Observable {
    const { views = [], onRefused } = this.#options;
    const shaping = viewsOf(views, scope, { name, unit, type: TYPES[kind] });
    if (shaping.some(({ attributesProcessors }) => attributesProcessors !== undefined)) return real;
    const isInteger = (valueType as number | undefined) === INT;
    const key = JSON.stringify([scope, kind, name, unit, isInteger]);
    const sets = this.#sets.get(key) ?? new ObservedSets(kind, this.#limitOf(shaping));
    this.#sets.set(key, sets);
    return new BoundedObservable({
      real,
      sets,
      counting: { isInteger, isMonotonic: kind === 'counter' },
      refuse: (reason) => onRefused?.(name, reason),
    });
  }

  #limitOf(shaping: readonly ViewOptions[]): number {
    const { limit } = this.#options;
    if (shaping.length === 0) return limit;
    // One less than the SDK has room for, since it counts an overflow that comes first as one of the sets. Without a
    // view, the reader reserves that place.
    return Math.max(...shaping.map((view) => limitOf(view, limit))) - 1;
  }
}

type Bound = (
  kind: ObservedKind,
  name: string,
  options: MetricOptions,
  real: Observable,
) => Observable;

type Kept = (name: string, options: MetricOptions, real: Histogram) => Histogram;

class BoundedMeter implements Meter {
  readonly #meter: Meter;
  readonly #bound: Bound;
  readonly #kept: Kept;
  readonly #batches: BoundedBatches;

  constructor(meter: Meter, bound: Bound, kept: Kept) {
    this.#meter = meter;
    this.#bound = bound;
    this.#kept = kept;
    this.#batches = new BoundedBatches(meter);
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return this.#meter.createCounter(name, options);
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return this.#meter.createUpDownCounter(name, options);
  }

  createHistogram(name: string, options: MetricOptions = {}): Histogram {
    return this.#kept(name, options, this.#meter.createHistogram(name, options));
  }

  createGauge(name: string, options?: MetricOptions): Gauge {
    return this.#meter.createGauge(name, options);
  }

  createObservableCounter(name: string, options: MetricOptions = {}): Observable {
    const real = this.#meter.createObservableCounter(name, options);
    return this.#bound('counter', name, options, real);
  }

  createObservableUpDownCounter(name: string, options: MetricOptions = {}): Observable {
    const real = this.#meter.createObservableUpDownCounter(name, options);
    return this.#bound('up-down-counter', name, options, real);
  }

  createObservableGauge(name: string, options: MetricOptions = {}): Observable {
    const real = this.#meter.createObservableGauge(name, options);
    return this.#bound('gauge', name, options, real);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#batches.add(callback, observables);
  }

  removeBatchObservableCallback(
    callback: BatchObservableCallback,
    observables: Observable[],
  ): void {
    this.#batches.remove(callback, observables);
  }
}
