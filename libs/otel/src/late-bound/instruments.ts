import type {
  Context,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MeterProvider,
  MetricAttributes,
  UpDownCounter,
} from '@opentelemetry/api';
import { seriesOf } from '@nestlens/otlp';
import type { HistogramSeries, SeriesHistogram } from '@nestlens/otlp';
import { diag } from '../api/diag.js';
import { Binding } from './slot.js';
import type { LateBoundSlot } from './slot.js';

/** The part of a meter that its instruments need. */
export interface InstrumentMeter {
  readonly slot: LateBoundSlot<MeterProvider, Meter>;
  /** The real meter of `provider`, a noop one while waiting. */
  of(provider: MeterProvider | undefined): Meter;
}

/** A real instrument by provider; `undefined` while waiting, and if the SDK refuses to make it. */
export type LateBoundTarget<Instrument> = Binding<MeterProvider, Instrument | undefined>;

export const lateBoundTarget = <Instrument>(
  meter: InstrumentMeter,
  make: (meter: Meter) => Instrument,
): LateBoundTarget<Instrument> =>
  new Binding<MeterProvider, Instrument | undefined>(meter.slot, undefined, (provider) => {
    try {
      return make(meter.of(provider));
    } catch (error) {
      diag.warn('An instrument could not be made and stays silent', error);
      return undefined;
    }
  });

/**
 * Counter and UpDownCounter. The SDK adds NaN to its sums, which then stay NaN for ever, and throws on
 * attributes that JSON refuses; here both are dropped with a diagnostic.
 */
export class LateBoundAdder implements Counter, UpDownCounter {
  readonly #target: LateBoundTarget<Counter>;

  constructor(meter: InstrumentMeter, make: (meter: Meter) => Counter) {
    this.#target = lateBoundTarget(meter, make);
  }

  add(value: number, attributes?: MetricAttributes, context?: Context): void {
    const target = this.#target.in(context);
    if (target === undefined || !accepted(value)) return;
    try {
      target.add(value, attributes, context);
    } catch (error) {
      refused(error);
    }
  }
}

/** Histogram and Gauge. It drops the same values as {@link LateBoundAdder}. */
export class LateBoundRecorder implements SeriesHistogram, Gauge {
  readonly #target: LateBoundTarget<Histogram>;

  constructor(meter: InstrumentMeter, make: (meter: Meter) => Histogram) {
    this.#target = lateBoundTarget(meter, make);
  }

  record(value: number, attributes?: MetricAttributes, context?: Context): void {
    const target = this.#target.in(context);
    if (target === undefined || !accepted(value)) return;
    try {
      target.record(value, attributes, context);
    } catch (error) {
      refused(error);
    }
  }

  series(attributes: MetricAttributes): HistogramSeries {
    return new LateBoundSeries(this.#target, attributes);
  }
}

/** One attribute set of a histogram, taken from each real one that it is recorded to. */
class LateBoundSeries implements HistogramSeries {
  readonly #target: LateBoundTarget<Histogram>;
  readonly #attributes: MetricAttributes;
  #histogram: Histogram | undefined;
  #series: HistogramSeries | undefined;

  constructor(target: LateBoundTarget<Histogram>, attributes: MetricAttributes) {
    this.#target = target;
    this.#attributes = attributes;
  }

  record(value: number, context?: Context): void {
    const histogram = this.#target.in(context);
    if (histogram === undefined || !accepted(value)) return;
    try {
      if (histogram !== this.#histogram || this.#series === undefined) {
        this.#series = seriesOf(histogram, this.#attributes);
        this.#histogram = histogram;
      }
      this.#series.record(value, context);
    } catch (error) {
      refused(error);
    }
  }
}

const accepted = (value: number): boolean => {
  if (Number.isFinite(value)) return true;
  diag.warn('A measurement that is not a finite number was dropped');
  return false;
};

const refused = (error: unknown): void => diag.warn('A measurement was dropped', error);
