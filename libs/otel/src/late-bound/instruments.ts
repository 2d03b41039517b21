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
import { diag } from '../api/diag.js';
import type { LateBoundMeter } from './meter.js';
import { Binding } from './slot.js';

/** A real instrument by provider; `undefined` while waiting, and if the SDK refuses to make it. */
export class LateBoundTarget<Instrument> {
  readonly #meter: LateBoundMeter;
  readonly #binding: Binding<MeterProvider, Instrument | undefined>;

  constructor(meter: LateBoundMeter, make: (meter: Meter) => Instrument) {
    this.#meter = meter;
    this.#binding = new Binding(undefined, (provider) => {
      try {
        return make(meter.of(provider));
      } catch (error) {
        diag.warn('An instrument could not be made and stays silent', error);
        return undefined;
      }
    });
  }

  /** For a measurement in `context`; the active one if none is given. */
  get(context?: Context): Instrument | undefined {
    return this.#binding.with(this.#meter.slot.current(context));
  }

  /** For what is observed. */
  oldest(): Instrument | undefined {
    return this.#binding.with(this.#meter.slot.provider);
  }
}

/**
 * Counter and UpDownCounter. The SDK adds NaN to its sums, which then stay NaN for ever, and throws on
 * attributes that JSON refuses; here both are dropped with a diagnostic.
 */
export class LateBoundAdder implements Counter, UpDownCounter {
  readonly #target: LateBoundTarget<Counter>;

  constructor(meter: LateBoundMeter, make: (meter: Meter) => Counter) {
    this.#target = new LateBoundTarget(meter, make);
  }

  add(value: number, attributes?: MetricAttributes, context?: Context): void {
    const target = this.#target.get(context);
    if (target === undefined || !accepted(value)) return;
    try {
      target.add(value, attributes, context);
    } catch (error) {
      refused(error);
    }
  }
}

/** Histogram and Gauge; drops what {@link LateBoundAdder} drops. */
export class LateBoundRecorder implements Histogram, Gauge {
  readonly #target: LateBoundTarget<Histogram>;

  constructor(meter: LateBoundMeter, make: (meter: Meter) => Histogram) {
    this.#target = new LateBoundTarget(meter, make);
  }

  record(value: number, attributes?: MetricAttributes, context?: Context): void {
    const target = this.#target.get(context);
    if (target === undefined || !accepted(value)) return;
    try {
      target.record(value, attributes, context);
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
