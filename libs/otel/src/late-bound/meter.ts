import { createNoopMeter } from '@opentelemetry/api';
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
import { LateBoundAdder, LateBoundRecorder } from './instruments.js';
import type { InstrumentMeter } from './instruments.js';
import { BatchObservers, LateBoundObservable } from './observables.js';
import { LateBoundProvider } from './provider.js';
import { Binding, LateBoundSlot, scopeKey } from './slot.js';
import type { Scope } from './slot.js';

const WAITING = createNoopMeter();

type MeterSlot = LateBoundSlot<MeterProvider, Meter>;

/**
 * A meter provider that may be asked before the real one exists. The API has no proxy for meters, so
 * without this an instrument made too early would never count.
 */
export class LateBoundMeterProvider
  extends LateBoundProvider<MeterProvider, Meter>
  implements MeterProvider
{
  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    return this.slot.handle(
      scopeKey(name, version, options?.schemaUrl),
      () => new LateBoundMeter(this.slot, { name, version, options }),
    );
  }
}

/** Instruments are made in the real meter on their first use after a fill. */
class LateBoundMeter implements Meter, InstrumentMeter {
  readonly slot: MeterSlot;
  readonly #batches: BatchObservers;
  readonly #binding: Binding<MeterProvider, Meter>;

  constructor(slot: MeterSlot, { name, version, options }: Scope<MeterOptions>) {
    this.slot = slot;
    this.#batches = new BatchObservers(this);
    this.#binding = new Binding(slot, WAITING, (provider) =>
      provider.getMeter(name, version, options),
    );
  }

  /** @internal The real meter of `provider`, a noop one while waiting. */
  of(provider: MeterProvider | undefined): Meter {
    return this.#binding.with(provider);
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return new LateBoundAdder(this, (meter) => meter.createCounter(name, options));
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return new LateBoundAdder(this, (meter) => meter.createUpDownCounter(name, options));
  }

  createHistogram(name: string, options?: MetricOptions): Histogram {
    return new LateBoundRecorder(this, (meter) => meter.createHistogram(name, options));
  }

  createGauge(name: string, options?: MetricOptions): Gauge {
    return new LateBoundRecorder(this, (meter) => meter.createGauge(name, options));
  }

  createObservableGauge(name: string, options?: MetricOptions): Observable {
    return new LateBoundObservable(this, (meter) => meter.createObservableGauge(name, options));
  }

  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return new LateBoundObservable(this, (meter) => meter.createObservableCounter(name, options));
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return new LateBoundObservable(this, (meter) =>
      meter.createObservableUpDownCounter(name, options),
    );
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
