import { diag } from '@opentelemetry/api';
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
import type { LateBoundMeter } from './meter.js';

/** Follows the provider of the moment; `undefined` while waiting, and if the SDK refuses to make it. */
export class LateBoundTarget<Instrument> {
  readonly #meter: LateBoundMeter;
  readonly #make: (meter: Meter) => Instrument;
  #owner: MeterProvider | undefined;
  #target: Instrument | undefined;

  constructor(meter: LateBoundMeter, make: (meter: Meter) => Instrument) {
    this.#meter = meter;
    this.#make = make;
  }

  get(): Instrument | undefined {
    if (this.#owner !== this.#meter.slot.provider) this.#rebind();
    return this.#target;
  }

  #rebind(): void {
    this.#owner = this.#meter.slot.provider;
    this.#target = undefined;
    if (this.#owner === undefined) return;
    try {
      this.#target = this.#make(this.#meter.current());
    } catch (error) {
      diag.warn('An instrument could not be made and stays silent', error);
    }
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
    const target = this.#target.get();
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
    const target = this.#target.get();
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
