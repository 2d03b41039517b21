import type {
  BatchObservableCallback,
  BatchObservableResult,
  Meter,
  Observable,
  ObservableCallback,
} from '@opentelemetry/api';
import { lateBoundTarget } from './instruments.js';
import type { InstrumentMeter, LateBoundTarget } from './instruments.js';
import type { Bindable } from './slot.js';

/** An observable instrument that keeps its callbacks while there is no provider to call them. */
export class LateBoundObservable implements Observable, Bindable {
  readonly #meter: InstrumentMeter;
  readonly #target: LateBoundTarget<Observable>;
  readonly #callbacks = new Set<ObservableCallback>();

  constructor(meter: InstrumentMeter, make: (meter: Meter) => Observable) {
    this.#meter = meter;
    this.#target = lateBoundTarget(meter, make);
  }

  addCallback(callback: ObservableCallback): void {
    if (this.#callbacks.has(callback)) return;
    this.#callbacks.add(callback);
    if (this.#callbacks.size === 1) this.#meter.slot.attach(this);
    else this.#target.oldest()?.addCallback(callback);
  }

  removeCallback(callback: ObservableCallback): void {
    if (!this.#callbacks.has(callback)) return;
    this.#target.oldest()?.removeCallback(callback);
    this.#callbacks.delete(callback);
    if (this.#callbacks.size === 0) this.#meter.slot.detach(this);
  }

  bind(): void {
    const target = this.#target.oldest();
    for (const callback of this.#callbacks) target?.addCallback(callback);
  }

  unbind(): void {
    const target = this.#target.oldest();
    for (const callback of this.#callbacks) target?.removeCallback(callback);
  }

  /** The real instrument behind `observable`, which may be a real one already. */
  static target(observable: Observable): Observable | undefined {
    return #target in observable ? observable.#target.oldest() : observable;
  }
}

/** The batch callbacks of one meter. */
export class BatchObservers {
  readonly #meter: InstrumentMeter;
  readonly #observers: BatchObserver[] = [];

  constructor(meter: InstrumentMeter) {
    this.#meter = meter;
  }

  add(callback: BatchObservableCallback, observables: Observable[]): void {
    if (this.#find(callback, observables) !== -1) return;
    const observer = new BatchObserver(this.#meter, callback, new Set(observables));
    this.#observers.push(observer);
    this.#meter.slot.attach(observer);
  }

  remove(callback: BatchObservableCallback, observables: Observable[]): void {
    const at = this.#find(callback, observables);
    if (at === -1) return;
    for (const observer of this.#observers.splice(at, 1)) this.#meter.slot.detach(observer);
  }

  #find(callback: BatchObservableCallback, observables: Observable[]): number {
    return this.#observers.findIndex((observer) => observer.is(callback, new Set(observables)));
  }
}

class BatchObserver implements Bindable {
  readonly #meter: InstrumentMeter;
  readonly #callback: BatchObservableCallback;
  readonly #observables: ReadonlySet<Observable>;
  #targets: Observable[] = [];

  constructor(
    meter: InstrumentMeter,
    callback: BatchObservableCallback,
    observables: ReadonlySet<Observable>,
  ) {
    this.#meter = meter;
    this.#callback = callback;
    this.#observables = observables;
  }

  is(callback: BatchObservableCallback, observables: ReadonlySet<Observable>): boolean {
    return (
      callback === this.#callback &&
      observables.size === this.#observables.size &&
      [...observables].every((observable) => this.#observables.has(observable))
    );
  }

  bind(): void {
    this.#targets = [];
    for (const observable of this.#observables) {
      const target = LateBoundObservable.target(observable);
      if (target !== undefined) this.#targets.push(target);
    }
    if (this.#targets.length === 0) return;
    this.#meter
      .of(this.#meter.slot.provider)
      .addBatchObservableCallback(this.#observe, this.#targets);
  }

  unbind(): void {
    this.#meter
      .of(this.#meter.slot.provider)
      .removeBatchObservableCallback(this.#observe, this.#targets);
  }

  // The SDK takes only its own instruments.
  readonly #observe: BatchObservableCallback = (result) => {
    const translated: BatchObservableResult = {
      observe(observable, value, attributes) {
        const target = LateBoundObservable.target(observable);
        if (target !== undefined) result.observe(target, value, attributes);
      },
    };
    return this.#callback(translated);
  };
}
